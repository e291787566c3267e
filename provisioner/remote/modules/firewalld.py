"""Open and close ports, services, sources and more in zones of firewalld.

The program firewall-cmd does the work (firewall-offline-cmd where firewalld is not running).
Tested with firewalld 1.3 on Debian, beside the module of ansible.posix, with 35 tasks.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("firewalld",))
VALUED = ("service", "port", "protocol", "source", "rich_rule", "interface", "icmp_block", "forward_port")
SWITCHES = ("masquerade", "forward", "icmp_block_inversion")


class Params(Parameters):
    """One thing in one zone."""

    state: str = required(
        "str",
        "Whether it is open; present and absent are for zones.",
        choices=("absent", "disabled", "enabled", "present"),
    )
    zone: Optional[str] = optional("str", "The zone; the default zone where not given.")
    service: Optional[str] = optional("str", "A service firewalld knows.")
    port: Optional[str] = optional("str", "A port or range with its protocol, such as 8080/tcp.")
    protocol: Optional[str] = optional("str", "A protocol of IP, such as ospf.")
    port_forward: Optional[List[Any]] = optional(
        "list", "port, proto, toport and toaddr of one forwarding.", elements="dict"
    )
    source: Optional[str] = optional("str", "A network, or ipset:NAME.")
    rich_rule: Optional[str] = optional("str", "A rule in firewalld's own language.")
    interface: Optional[str] = optional("str", "A network interface.")
    icmp_block: Optional[str] = optional("str", "A type of ICMP message to block.")
    icmp_block_inversion: Optional[bool] = optional("bool", "Block all types but those named.")
    masquerade: Optional[bool] = optional("bool", "Hide what is behind.")
    forward: Optional[bool] = optional("bool", "Let packets pass between interfaces of the zone.")
    target: Optional[str] = optional(
        "str", "What happens to the rest.", choices=("default", "ACCEPT", "DROP", "%%REJECT%%")
    )
    permanent: Optional[bool] = optional("bool", "In the configuration.")
    immediate: bool = optional("bool", "In the running firewall.", False)
    timeout: int = optional("int", "Seconds after which it is undone in the running firewall.", 0)
    offline: bool = optional("bool", "Where firewalld is not running, leave out what is immediate.", False)
    rules = (
        mutually_exclusive(
            "icmp_block",
            "icmp_block_inversion",
            "service",
            "protocol",
            "port",
            "port_forward",
            "rich_rule",
            "interface",
            "forward",
            "masquerade",
            "source",
            "target",
        ),
    )


class State(NamedTuple):
    """Whether it is so in the configuration and in the running firewall; None where that is not looked at."""

    program: str
    kept: Optional[bool]
    running: Optional[bool]


def inspect(params: Params, system: System) -> State:
    """Ask firewall-cmd."""
    told = system.commands.run(["firewall-cmd", "--state"], env=PLAIN)
    if told.rc == 127:
        raise Failed("Failed to find required executable firewall-cmd; install the package firewalld")
    runs = told.rc == 0
    program = "firewall-cmd" if runs else "firewall-offline-cmd"
    permanent, immediate = _where(params)
    if not runs and immediate and not (params.offline and permanent):
        raise Failed(
            "firewall is not currently running, unable to perform immediate actions without a running firewall daemon"
        )
    if params.target is not None or _is_zone(params):
        permanent, immediate = True, False
    kept = _ask(params, system, program, runs, True) if permanent else None
    running = _ask(params, system, program, runs, False) if immediate and runs else None
    return State(program, kept, running)


def _where(params: Params) -> Tuple[bool, bool]:
    """Return whether the configuration and the running firewall are meant; the latter where nothing is said."""
    permanent = bool(params.permanent)
    return permanent, params.immediate or not permanent


def _is_zone(params: Params) -> bool:
    return params.state in ("present", "absent") and params.target is None and _thing(params) is None


def _thing(params: Params) -> Optional[Tuple[str, Optional[str]]]:
    """Return firewalld's name of what is meant, and its value."""
    if params.port_forward:
        parts = params.port_forward[0]
        if not parts.get("port") or not parts.get("proto"):
            raise Failed("port_forward: port and proto are needed")
        words = ["port=%s" % parts["port"], "proto=%s" % parts["proto"]]
        words += ["%s=%s" % (key, parts[key]) for key in ("toport", "toaddr") if parts.get(key)]
        return "forward-port", ":".join(words)
    for each in VALUED[:-1]:
        if getattr(params, each) is not None:
            return each.replace("_", "-"), getattr(params, each)
    for each in SWITCHES:
        if getattr(params, each) is not None:
            return each.replace("_", "-"), None
    return None


def _words(params: Params, verb: str) -> List[str]:
    zone = ["--zone=" + params.zone] if params.zone else []
    thing = _thing(params)
    if thing is None:
        raise Failed("firewalld: what shall be %s? Name a service, port, source, ..." % params.state)
    name, value = thing
    return [*zone, "--%s-%s%s" % (verb, name, "" if value is None else "=" + value)]


def _ask(params: Params, system: System, program: str, runs: bool, kept: bool) -> bool:
    flag = ["--permanent"] if kept and runs else []
    if params.target is not None:
        zone = ["--zone=" + params.zone] if params.zone else []
        done = system.commands.run([program, *flag, *zone, "--get-target"], env=PLAIN)
        said = done.out.strip().rpartition("\n")[2]  # a note about the default zone may come first
        return said == (params.target if params.state in ("enabled", "present") else "default")
    if _is_zone(params):
        done = system.commands.run([program, *flag, "--get-zones"], env=PLAIN)
        return params.zone in done.out.split()
    done = system.commands.run([program, *flag, *_words(params, "query")], env=PLAIN)
    if done.rc not in (0, 1):
        raise Failed("ERROR: %s" % (done.err or done.out).strip(), rc=done.rc)
    return done.rc == 0


def _wants(params: Params) -> bool:
    """Tell whether it shall be so: a switch may also be given as false."""
    wanted = params.state in ("enabled", "present")
    for each in SWITCHES:
        if getattr(params, each) is False:
            return not wanted
    return wanted


def plan(params: Params, state: State) -> Change:
    """Compare both places."""
    todo = _todo(params, state, _wants(params))
    if not todo:
        return Change(False, result={"msg": ""})
    words = " ".join(todo[0][1:])
    places = [
        name for name, is_so in (("Permanent", state.kept), ("Non-permanent", state.running)) if is_so is not None
    ]
    msg = "%s operation, Changed %s to %s" % (" and ".join(places), words, params.state)
    return Change(True, todo, {"msg": msg}, {"before": "", "after": "".join(" ".join(each) + "\n" for each in todo)})


def _todo(params: Params, state: State, wanted: bool) -> List[List[str]]:
    flag = ["--permanent"] if state.program == "firewall-cmd" else []
    zone = ["--zone=" + params.zone] if params.zone else []
    if params.target is not None:
        target = params.target if params.state in ("enabled", "present") else "default"
        return [] if state.kept else [[state.program, *flag, *zone, "--set-target=" + target]]
    if _is_zone(params):
        if not params.zone:
            raise Failed("zone: which one shall be %s?" % params.state)
        verb = "new" if wanted else "delete"
        return [] if state.kept == wanted else [[state.program, *flag, "--%s-zone=%s" % (verb, params.zone)]]
    words = _words(params, "add" if wanted else "remove")
    todo: List[List[str]] = []
    if state.running not in (None, wanted):
        timeout = ["--timeout=%d" % params.timeout] if params.timeout and wanted else []
        todo.append([state.program, *words, *timeout])
    if state.kept not in (None, wanted):
        todo.append([state.program, *flag, *words])
    return todo


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run firewall-cmd."""
    for number, words in enumerate(change.todo):
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed("ERROR: %s" % (done.err or done.out).strip(), rc=done.rc, changed=number > 0)
    return None


RETURNS = """
rc: Exit code of the program.
"""

EXAMPLES = """
- name: The web is open, now and later
  firewalld:
    service: https
    permanent: true
    immediate: true
    state: enabled
"""
