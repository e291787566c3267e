"""Manage the firewall ufw: rules, default policies, logging, and whether it runs."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required_one_of
from ..system import System
from ..system.commands import PLAIN
from ..system.reading import assignments

TRAITS = Traits(locks=("ufw",))
DIRECTIONS = ("in", "incoming", "out", "outgoing", "routed")
POLICIES = {
    "incoming": "DEFAULT_INPUT_POLICY",
    "outgoing": "DEFAULT_OUTPUT_POLICY",
    "routed": "DEFAULT_FORWARD_POLICY",
}
SPELLED = {"ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"}
RULES = (("ufw6-", "/etc/ufw/user6.rules"), ("ufw-", "/etc/ufw/user.rules"))


class Params(Parameters):
    """One rule, or one setting; several settings are made in the order state, default, logging, rule."""

    state: Optional[str] = optional("str", "Whether it runs.", choices=("enabled", "disabled", "reloaded", "reset"))
    default: Optional[str] = optional(
        "str", "What becomes of what no rule decides.", choices=("allow", "deny", "reject"), aliases=("policy",)
    )
    direction: Optional[str] = optional("str", "Of a rule or policy.", choices=DIRECTIONS)
    logging: Optional[str] = optional(
        "str", "How much it logs.", choices=("on", "off", "low", "medium", "high", "full")
    )
    rule: Optional[str] = optional("str", "What the rule does.", choices=("allow", "deny", "limit", "reject"))
    route: bool = optional("bool", "The rule is for what is passed on.", False)
    log: bool = optional("bool", "Log new connections of the rule.", False)
    from_ip: str = optional("str", "Source address.", "any", aliases=("from", "src"))
    from_port: Optional[str] = optional("str", "Source port.")
    to_ip: str = optional("str", "Destination address.", "any", aliases=("dest", "to"))
    to_port: Optional[str] = optional("str", "Destination port.", aliases=("port",))
    proto: Optional[str] = optional(
        "str",
        "Protocol.",
        choices=("any", "tcp", "udp", "ipv6", "esp", "ah", "gre", "igmp", "vrrp"),
        aliases=("protocol",),
    )
    name: Optional[str] = optional("str", "A profile of /etc/ufw/applications.d.", aliases=("app",))
    delete: bool = optional("bool", "The rule shall not be there.", False)
    insert: Optional[int] = optional("int", "The number a new rule gets.")
    insert_relative_to: str = optional(
        "str",
        "What insert counts from.",
        "zero",
        choices=("zero", "first-ipv4", "last-ipv4", "first-ipv6", "last-ipv6"),
    )
    interface: Optional[str] = optional("str", "Interface of the direction.", aliases=("if",))
    interface_in: Optional[str] = optional("str", "Interface it comes in by.", aliases=("if_in",))
    interface_out: Optional[str] = optional("str", "Interface it leaves by.", aliases=("if_out",))
    comment: Optional[str] = optional("str", "A comment on the rule.")
    rules = (
        required_one_of("state", "default", "rule", "logging"),
        mutually_exclusive("name", "proto", "logging"),
        mutually_exclusive("interface", "interface_in"),
        mutually_exclusive("interface", "interface_out"),
    )


class State(NamedTuple):
    """Whether it runs, its policies by direction, its log level, whether a rule would change anything."""

    enabled: bool
    policies: Dict[str, str]
    level: str
    edits: bool
    numbered: List[str]


def inspect(params: Params, system: System) -> State:
    """Read ufw's settings and let it rehearse the rule."""
    if params.direction is None and params.interface and params.rule:
        raise Failed("Direction must be specified when creating a rule on an interface.")
    main = assignments(system, "/etc/ufw/ufw.conf")
    defaults = assignments(system, "/etc/default/ufw")
    policies = {way: SPELLED.get(defaults.get(key, ""), "") for way, key in POLICIES.items()}
    numbered: List[str] = []
    edits = False
    if params.rule is not None:
        if params.insert is not None and params.insert_relative_to != "zero":
            listed = system.commands.run(["ufw", "status", "numbered"], env=PLAIN).out
            numbered = [line for line in listed.splitlines() if re.match(r"^\[ *\d+\]", line)]
        done = system.commands.run(["ufw", "--dry-run", *_rule(params, numbered)], env=PLAIN)
        if done.rc != 0:
            hint = "; install the package ufw" if done.rc == 127 else ""
            raise Failed((done.err or done.out).strip() + hint, rc=done.rc)
        edits = _edits(done.out, system)
    return State(main.get("ENABLED", "no") == "yes", policies, main.get("LOGLEVEL", "low"), edits, numbered)


def _rule(params: Params, numbered: List[str]) -> List[str]:
    words = ["route"] if params.route else []
    words += ["delete"] if params.delete else []
    if params.insert is not None and not params.delete:
        at = _position(params, numbered)
        words += ["insert", str(at)] if at is not None else []
    words.append(params.rule or "")
    if params.direction is not None:
        words.append({"incoming": "in", "outgoing": "out"}.get(params.direction, params.direction))
    parts: Tuple[Tuple[List[str], Optional[str]], ...] = (
        (["on"], params.interface),
        (["in", "on"], params.interface_in),
        (["out", "on"], params.interface_out),
        ([], "log" if params.log else None),
        (["from"], params.from_ip),
        (["port"], params.from_port),
        (["to"], params.to_ip),
        (["port"], params.to_port),
        (["proto"], params.proto),
        (["app"], params.name),
        (["comment"], None if params.delete else params.comment),
    )
    for before, value in parts:
        words += [*before, value] if value else []
    return words


def _position(params: Params, numbered: List[str]) -> Optional[int]:
    """Return the number to insert at; None where that is the end."""
    insert = params.insert or 0
    if params.insert_relative_to == "zero":
        return insert
    old = [number for number, line in enumerate(numbered, 1) if "(v6)" not in line]
    new = [number for number, line in enumerate(numbered, 1) if "(v6)" in line]
    last = {
        "first-ipv4": 1,
        "last-ipv4": max(len(old), 1),
        "first-ipv6": len(old) + 1,
        "last-ipv6": max(len(old) + len(new), len(old) + 1),
    }[params.insert_relative_to]
    at = last + insert
    return at if 0 < at <= len(numbered) else None


def plan(params: Params, state: State) -> Change:
    """Decide which calls are needed."""
    calls: List[List[str]] = []
    before: Dict[str, str] = {}
    after: Dict[str, str] = {}
    if params.state in ("enabled", "disabled") and state.enabled != (params.state == "enabled"):
        calls.append(["-f", "enable" if params.state == "enabled" else "disable"])
        before["state"], after["state"] = "enabled" if state.enabled else "disabled", params.state
    elif params.state in ("reloaded", "reset"):
        calls.append(["-f", "reload" if params.state == "reloaded" else "reset"])
    _plan_settings(params, state, calls, before, after)
    if state.edits:
        words = _rule(params, state.numbered)
        calls.append(words)
        side = before if params.delete else after
        side["rule"] = " ".join(word for word in words if word != "delete")
    diff = {"before": _shown(before), "after": _shown(after)} if before or after else None
    settles = params.state not in ("reloaded", "reset")
    result = {
        "commands": [" ".join(["ufw", *each]) for each in calls],
        "msg": "Status: active" if state.enabled else "Status: inactive",
    }
    return Change(bool(calls), calls, result, diff, settles)


def _plan_settings(
    params: Params, state: State, calls: List[List[str]], before: Dict[str, str], after: Dict[str, str]
) -> None:
    if params.default is not None:
        way = {"in": "incoming", "out": "outgoing"}.get(params.direction or "in", params.direction or "incoming")
        if state.policies.get(way) != params.default:
            calls.append(["default", params.default, way])
            before["default " + way], after["default " + way] = state.policies.get(way, ""), params.default
    if params.logging is not None and not _logs(params.logging, state.level):
        calls.append(["logging", params.logging])
        before["logging"], after["logging"] = state.level, params.logging


def _logs(wanted: str, level: str) -> bool:
    return level == wanted or (wanted == "on" and level != "off")


def _edits(rehearsal: str, system: System) -> bool:
    """Tell whether the rules that a rehearsal shows, for each protocol, are others than those kept in files."""
    for table in re.split(r"^\*filter$", rehearsal, flags=re.MULTILINE)[1:]:
        path = next(path for mark, path in RULES if mark in table or mark == "ufw-")
        kept = (system.files.read_or_none(path) or b"").decode("utf-8", "replace")
        if _tuples(table) != _tuples(kept):
            return True
    return False


def _tuples(table: str) -> List[str]:
    return [line.strip() for line in table.splitlines() if line.startswith("### tuple ###")]


def _shown(values: Dict[str, str]) -> str:
    return "".join("%s: %s\n" % item for item in sorted(values.items()))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls; the result's message is what ufw says of itself afterwards."""
    for words in change.todo:
        done = system.commands.run(["ufw", *words], env=PLAIN)
        if done.rc != 0:
            raise Failed((done.err or done.out).strip(), rc=done.rc, commands=change.result["commands"])
    return {"msg": system.commands.run(["ufw", "status", "verbose"], env=PLAIN).out.rstrip()}


RETURNS = """
commands: The commands that were run.
msg: The state of the firewall as ufw tells it.
rc: Exit code of the program.
"""

EXAMPLES = """
- name: Log in is possible, but not too often
  ufw:
    rule: limit
    port: ssh
    proto: tcp
- name: Nothing else comes in
  ufw:
    state: enabled
    default: deny
    direction: incoming
"""
