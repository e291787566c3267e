"""Send the requests of an nginx upstream to other servers; requests wait meanwhile in a small program beside nginx.

``prepare`` moves the upstream's server lines into a file of their own. ``hold`` leads new requests to the program that
lets them wait, and returns when nginx's earlier workers, with the requests they had, are gone. ``point`` and
``release`` bring them on. What waits longer than ``limit_s`` is let through. nginx is reloaded by ``hold``, by
``release``, and by ``point`` where nothing is held.
"""

import re
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional, Set

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..system import System
from ..system.holder import Holder, Holding

TRAITS = Traits(reach="others", locks=("nginx",))
VERBS = ("prepare", "hold", "point", "release", "current", "remove")
NAP_S = 0.01
SERVER = re.compile(r"^\s*server\s+([^;]+);\s*(#.*)?$")


class Params(Parameters):
    """What to do with which servers of which upstream."""

    do: str = required("str", "What to do.", choices=VERBS)
    upstream: str = required("str", "The upstream's name.")
    config: str = required("path", "The file that has the upstream.")
    old: List[str] = required("list", "Servers moved away from: host:port, options behind them.", elements="str")
    new: List[str] = required("list", "Servers moved to.", elements="str")
    to: Optional[str] = optional("str", "point, current: which of the two.", choices=("old", "new"))
    limit_s: float = optional("float", "hold: after so many seconds requests pass, whatever happened.", 20.0)
    wait_s: float = optional("float", "How long to wait for requests under way.", 5.0)
    include: Optional[str] = optional("path", "The file for the server lines; one beside nginx's configuration.")
    pid: str = optional("path", "The file with the number of nginx's master.", "/run/nginx.pid")


class State(NamedTuple):
    """The upstream's file, the file of server lines, who gets the requests, what waits, and what was begun only."""

    lines: List[str]
    included: str
    points_to: str
    is_prepared: bool
    is_held: bool
    holding: Holding
    unfinished: str


def inspect(params: Params, system: System) -> State:
    """Read both files and what the program that holds was told."""
    content = system.files.read_or_none(params.config)
    if content is None:
        raise Failed("there is no file %s" % params.config)
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    start, end = _upstream(params, lines)
    is_prepared = any(line.strip() == _include_line(params) for line in lines[start:end])
    included = (system.files.read_or_none(_include(params)) or b"").decode("utf-8", "replace")
    holding = Holder(system, "nginx-" + params.upstream).read()
    source = included.splitlines() if is_prepared else lines[start:end]
    is_held = is_prepared and "unix:" in included
    servers = [m.group(1).strip() for m in map(SERVER.match, source) if m and "unix:" not in m.group(1)]
    plain = [re.sub(r"\s+backup$", "", each) for each in servers]
    unfinished = (system.files.read_or_none(_unfinished(params)) or b"").decode("utf-8", "replace")
    return State(lines, included, _side(params, plain), is_prepared, is_held, holding, unfinished)


def _upstream(params: Params, lines: List[str]) -> "tuple[int, int]":
    for index, line in enumerate(lines):
        if re.match(r"^\s*upstream\s+%s\s*\{" % re.escape(params.upstream), line):
            for end in range(index + 1, len(lines)):
                if lines[end].strip().startswith("}"):
                    return index + 1, end
    raise Failed("%s has no upstream '%s' over several lines" % (params.config, params.upstream))


def _side(params: Params, servers: List[str]) -> str:
    found = {each.split()[0] for each in servers}
    if found == {each.split()[0] for each in params.old}:
        return "old"
    if found == {each.split()[0] for each in params.new}:
        return "new"
    return ", ".join(sorted(found)) or "none"


def _include(params: Params) -> str:
    return params.include or "/etc/nginx/provisioner-%s.servers" % params.upstream


def _unfinished(params: Params) -> str:
    """Return the file that says what was begun: nginx and the holder are told after the files are changed."""
    return _include(params) + ".unfinished"


def _include_line(params: Params) -> str:
    return "include %s;" % _include(params)


def _servers(servers: List[str], more: str = "") -> str:
    return "".join("server %s%s;\n" % (each, more) for each in servers)


def plan(params: Params, state: State) -> Change:
    """Say what there is to do for the verb."""
    change: Change = PLANS[params.do](params, state)
    if change.changed is False and params.do == state.unfinished:
        change = Change(True, None, change.result)
    told = {"points_to": state.points_to, "held": state.is_held, "upstream": params.upstream}
    change.result = dict(told, **change.result)
    return change


def _plan_prepare(params: Params, state: State) -> Change:
    if state.is_prepared:
        return Change(False)
    if state.points_to not in ("old", "new"):
        raise Failed("upstream %s has the servers %s, expected: %s" % (
            params.upstream, state.points_to, ", ".join(params.old)))  # fmt: skip
    start, end = _upstream(params, state.lines)
    kept = [line for line in state.lines[start:end] if not SERVER.match(line)]
    lines = [*state.lines[:start], *kept, "    " + _include_line(params), *state.lines[end:]]
    return Change(True, lines, diff=text_diff(params.config, _bytes(state.lines), _bytes(lines)))


def _bytes(lines: List[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def _plan_hold(params: Params, state: State) -> Change:
    _demand_prepared(params, state)
    is_long = state.holding.till - time.time() > params.limit_s / 2
    return Change(not (state.is_held and is_long and not state.holding.is_over), result={"held": True}, settles=False)


def _demand_prepared(params: Params, state: State) -> None:
    if not state.is_prepared:
        raise Failed("upstream %s is not prepared: 'prepare' it first" % params.upstream)


def _plan_point(params: Params, state: State) -> Change:
    _demand_prepared(params, state)
    if params.to is None:
        raise Failed("do is point but all of the following are missing: to")
    return Change(state.points_to != params.to, result={"points_to": params.to})


def _plan_release(params: Params, state: State) -> Change:
    return Change(state.is_held, result={"held": False})


def _plan_current(params: Params, state: State) -> Change:
    if params.to and state.points_to != params.to:
        raise Failed("requests for %s go to: %s, expected: %s" % (params.upstream, state.points_to, params.to))
    return Change(False)


def _plan_remove(params: Params, state: State) -> Change:
    if not state.is_prepared:
        return Change(False)
    if state.is_held:
        raise Failed("requests for %s are held: 'release' them first" % params.upstream)
    start, end = _upstream(params, state.lines)
    kept = [line for line in state.lines[start:end] if line.strip() != _include_line(params)]
    servers = ["    " + line for line in state.included.splitlines()]
    lines = [*state.lines[:start], *kept, *servers, *state.lines[end:]]
    return Change(True, lines, diff=text_diff(params.config, _bytes(state.lines), _bytes(lines)))


PLANS = {
    "prepare": _plan_prepare,
    "hold": _plan_hold,
    "point": _plan_point,
    "release": _plan_release,
    "current": _plan_current,
    "remove": _plan_remove,
}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do it."""
    began = time.monotonic()
    system.files.write(_unfinished(change.params), change.params.do.encode(), mode=0o600)
    figures: Dict[str, float] = APPLIES[change.params.do](change.params, change.state, change.todo, system)
    system.files.remove(_unfinished(change.params))
    return {"measured": dict({"seconds": round(time.monotonic() - began, 4)}, **figures)}


def _prepare(params: Params, state: State, lines: Optional[List[str]], system: System) -> Dict[str, float]:
    if lines is not None:
        servers = params.new if state.points_to == "new" else params.old
        system.files.write(_include(params), _servers(servers).encode(), mode=0o644)
        _replace(params, params.config, _bytes(lines), system)
    _reload(system)
    return {}


def _replace(params: Params, path: str, content: bytes, system: System) -> None:
    """Write a file of the configuration; nginx only tests what is in place, so a refused one is put back."""
    before = system.files.read_or_none(path)
    system.files.write(path, content)
    done = system.commands.run(["nginx", "-t", "-q"])
    if done.rc != 0:
        if before is not None:
            system.files.write(path, before)
        system.files.remove(_unfinished(params))
        raise Failed(
            "nginx refuses the new configuration, it was put back: " + (done.err or done.out).strip(), rc=done.rc
        )


def _reload(system: System) -> None:
    done = system.commands.run(["nginx", "-s", "reload"])
    if done.rc != 0:
        raise Failed("nginx was not reloaded: " + (done.err or done.out).strip(), rc=done.rc)


def _workers(params: Params, system: System) -> Set[int]:
    master = (system.files.read_or_none(params.pid) or b"").decode().strip()
    found = set()
    for name in system.files.listdir("/proc"):
        told = (
            (system.files.read_or_none("/proc/%s/stat" % name) or b"").decode("utf-8", "replace")
            if name.isdigit()
            else ""
        )
        if told and told.rpartition(")")[2].split()[1] == master:
            found.add(int(name))
    return found


def _wait_for_end(workers: Set[int], wait_s: float, system: System) -> int:
    deadline = time.monotonic() + wait_s
    while True:
        left = [pid for pid in workers if system.files.exists("/proc/%d" % pid)]
        if not left or time.monotonic() > deadline:
            return len(left)
        time.sleep(NAP_S)


def _hold(params: Params, state: State, lines: List[str], system: System) -> Dict[str, float]:
    """Lead new requests to the holding program, and wait for the workers that have the earlier ones."""
    holder = Holder(system, "nginx-" + params.upstream)
    servers = params.new if state.points_to == "new" else params.old
    now = time.time()
    since = state.holding.since if state.is_held else now
    holder.tell(Holding(now + params.limit_s, since, _addresses(servers), False))
    wrong = holder.start(sys.executable or "python3")
    if wrong:
        system.files.remove(_unfinished(params))
        raise Failed("what holds requests did not start: " + wrong)
    deadline = time.monotonic() + params.wait_s
    while not system.files.exists(holder.socket) and time.monotonic() < deadline:
        time.sleep(NAP_S)
    held = "server unix:%s;\n%s" % (holder.socket, _servers(servers, " backup"))
    _replace(params, _include(params), held.encode(), system)
    before = _workers(params, system)  # these end when their requests have
    _reload(system)
    left = _wait_for_end(before, params.wait_s, system)
    if left:
        _let_pass(params, servers, system)
        system.files.remove(_unfinished(params))
        message = "%d earlier workers of nginx still have requests for %s after %g s; nothing is held any more"
        raise Failed(message % (left, params.upstream, params.wait_s))
    return {}


def _addresses(servers: List[str]) -> List[str]:
    return [each.split()[0] if ":" in each.split()[0] else each.split()[0] + ":80" for each in servers]


def _let_pass(params: Params, servers: List[str], system: System) -> float:
    """Lead new requests past the program, and those that wait in it on; return since when they were held."""
    holder = Holder(system, "nginx-" + params.upstream)
    told = holder.read()
    _replace(params, _include(params), _servers(servers).encode(), system)
    _reload(system)
    holder.tell(told._replace(to=_addresses(servers), is_over=True))
    return told.since


def _point(params: Params, state: State, lines: List[str], system: System) -> Dict[str, float]:
    servers = params.new if params.to == "new" else params.old
    if not state.is_held:
        _replace(params, _include(params), _servers(servers).encode(), system)
        _reload(system)
        return {}
    holder = Holder(system, "nginx-" + params.upstream)
    held = "server unix:%s;\n%s" % (holder.socket, _servers(servers, " backup"))
    _replace(params, _include(params), held.encode(), system)
    holder.tell(holder.read()._replace(to=_addresses(servers)))
    return {}


def _release(params: Params, state: State, lines: List[str], system: System) -> Dict[str, float]:
    since = _let_pass(params, params.new if state.points_to == "new" else params.old, system)
    return {"held_s": round(time.time() - since, 3)}


def _remove(params: Params, state: State, lines: Optional[List[str]], system: System) -> Dict[str, float]:
    if lines is not None:
        _replace(params, params.config, _bytes(lines), system)
    _reload(system)
    system.files.remove(_include(params))
    return {}


APPLIES = {"prepare": _prepare, "hold": _hold, "point": _point, "release": _release, "remove": _remove}

RETURNS = """
points_to: Which side gets the requests: old, new, or the servers found.
held: Whether requests wait.
measured: seconds, and after a release held_s, for which requests waited.
upstream: The upstream.
"""

EXAMPLES = """
- name: Requests go to the new server
  nginx_switch:
    do: point
    to: new
    upstream: site
    config: /etc/nginx/conf.d/site.conf
    old: ["10.0.0.11:8080"]
    new: ["10.0.0.12:8080"]
"""
