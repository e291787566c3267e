"""Send the requests of an HAProxy backend to other servers without failing one of them, and back.

``prepare`` adds what lets requests wait (a small Lua program, one rule, one reload). Then ``hold`` lets new requests
wait and returns when none is under way, ``point`` changes the servers in all running workers and in the configuration,
and ``release`` lets the requests go on. A hold ends by itself after ``limit_s``: requests then pass, none fails.
"""

import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..system import System, haproxy, haproxy_hold
from ..system.haproxy import Server, Worker
from ..system.haproxy_hold import Hold, Places

TRAITS = Traits(reach="others", locks=("haproxy",))
NAP_S = 0.006
SETTLE_S = 0.02
RELOAD_S = 15.0
VERBS = ("prepare", "hold", "point", "release", "drain", "current", "remove")


class Params(Parameters):
    """What to do with which servers of which backend."""

    do: str = required("str", "What to do.", choices=VERBS)
    backend: str = required("str", "The backend, or listen section.")
    old: List[str] = required("list", "Names of the servers moved away from, as in the configuration.", elements="str")
    new: List[str] = required("list", "Names of the servers moved to.", elements="str")
    addresses: Dict[str, str] = optional(
        "dict", "prepare: address (and port, else that of the first old one) of servers still to be added.", {}
    )
    to: str = optional("str", "point: who gets the requests; current: who must have them.", choices=("old", "new"))
    hold: str = optional("str", "hold: which requests wait.", "all", choices=("all", "writes"))
    limit_s: float = optional("float", "hold: after so many seconds requests pass, whatever happened.", 20.0)
    wait_s: float = optional("float", "How long to wait for requests under way, or for a server to be up.", 5.0)
    end: bool = optional(
        "bool",
        "hold: end what is still under way after ``wait_s`` instead of giving up; for connections that stay open: "
        "their clients connect anew, and wait.",
        False,
    )
    must_be_up: bool = optional(
        "bool", "point: refuse where a wanted server is down; else go there all the same.", True
    )
    config: str = optional("path", "HAProxy's configuration.", "/etc/haproxy/haproxy.cfg")
    socket: Optional[str] = optional("path", "Its admin socket; that of the configuration.")
    master_socket: str = optional("path", "Its master's socket, if there is one.", "/run/haproxy-master.sock")
    service: str = optional("str", "Its service.", "haproxy")


class State(NamedTuple):
    """The configuration's lines, the places of the hold, what workers and configuration say, and what waits."""

    lines: List[str]
    where: Places
    points_to: str
    persisted: str
    hold: Hold
    is_loaded: bool
    program: str
    now: float
    socket: str


def inspect(params: Params, system: System) -> State:
    """Read the configuration and ask the workers."""
    lines = _lines(params, system)
    where = haproxy_hold.places(lines, params.config, params.backend)
    runtime = params.socket or haproxy.runtime_socket(lines)
    worker = Worker(system.files.real(runtime))
    # letting requests pass takes no answer from HAProxy, and must not fail for want of one
    servers = {} if params.do == "release" else worker.servers(params.backend)
    hold = haproxy_hold.read(system, where)
    now = time.time()
    return State(
        lines,
        where,
        _pointing(params, {name for name, server in servers.items() if server.takes_requests}, servers),
        _persisted(params, lines),
        hold if hold.is_on and hold.till > now else hold._replace(mode=haproxy_hold.OPEN),
        params.do != "release" and worker.writing(where.name) is not None,
        (system.files.read_or_none(where.program) or b"").decode("utf-8", "replace"),
        now,
        runtime,
    )


def _lines(params: Params, system: System) -> List[str]:
    content = system.files.read_or_none(params.config)
    if content is None:
        raise Failed("there is no configuration %s" % params.config)
    return content.decode("utf-8", "surrogateescape").splitlines()


def _workers(params: Params, runtime: str, system: System) -> List[Worker]:
    master = params.master_socket
    real = system.files.real
    return haproxy.workers(real(runtime), real(master) if system.files.exists(master) else "")


def _pointing(params: Params, active: Any, known: Any) -> str:
    """Say which side takes requests: ``old``, ``new``, ``both``, ``none``; ``mixed`` where only a part of one does."""
    old = [name in active for name in params.old if name in known]
    new = [name in active for name in params.new if name in known]
    if not any(old) and not any(new):
        return "none"
    if any(old) and any(new):
        return "both"
    if all(old if any(old) else new):
        return "old" if any(old) else "new"
    return "mixed"


def _persisted(params: Params, lines: List[str]) -> str:
    places = haproxy.server_lines(lines, haproxy.backend_section(lines, params.backend))
    active = {name for name, index in places.items() if not haproxy.is_disabled(lines[index])}
    return _pointing(params, active, places)


def plan(params: Params, state: State) -> Change:
    """Say what there is to do for the verb."""
    told = {
        "points_to": state.points_to,
        "persisted": state.persisted,
        "held": state.hold.mode if state.hold.is_on else "",
        "backend": params.backend,
    }
    if params.do == "release":
        del told["points_to"]
    change: Change = PLANS[params.do](params, state)
    change.result = dict(told, **change.result)
    return change


def _plan_prepare(params: Params, state: State) -> Change:
    side = _side_kept(state)
    lines = _with_servers(params, state.lines)
    lines = _persisting(params, haproxy_hold.with_hold(lines, state.where), side)
    is_same = lines == state.lines and state.program == state.where.text
    if is_same and state.is_loaded:
        return Change(False)
    return Change(True, lines, {"points_to": side, "persisted": side}, _diff(params, state, lines))


def _side_kept(state: State) -> str:
    if state.points_to in ("old", "new"):
        return state.points_to
    raise Failed(
        "requests go to %s of the two sides; exactly one must take them before they are switched" % state.points_to,
        points_to=state.points_to,
    )


def _with_servers(params: Params, lines: List[str]) -> List[str]:
    """Add servers that are missing: on the new side, where an address is given."""
    section = haproxy.backend_section(lines, params.backend)
    known = haproxy.server_lines(lines, section)
    gone = [name for name in params.old if name not in known]
    if gone:
        raise Failed("backend %s has no server %s; it has: %s" % (params.backend, gone[0], ", ".join(known)))
    for name in params.new:
        if name not in known and not params.addresses.get(name):
            message = "backend %s has no server %s, and no address is given to add it"
            raise Failed(message % (params.backend, name))
    for name in [each for each in params.new if each not in known]:
        lines = haproxy.with_server(lines, section, params.old[0], name, params.addresses[name])
    return lines


def _persisting(params: Params, lines: List[str], side: str) -> List[str]:
    """Return the configuration in which ``side`` takes the requests from the start."""
    kept = list(lines)
    places = haproxy.server_lines(kept, haproxy.backend_section(kept, params.backend))
    for name in (*params.old, *params.new):
        if name not in places:
            raise Failed("backend %s has no server %s: 'prepare' adds it" % (params.backend, name))
        kept[places[name]] = haproxy.with_service(kept[places[name]], name in getattr(params, side))
    return kept


def _diff(params: Params, state: State, lines: List[str]) -> Any:
    return text_diff(params.config, _bytes(state.lines), _bytes(lines)) if lines != state.lines else None


def _bytes(lines: List[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def _plan_hold(params: Params, state: State) -> Change:
    if not state.is_loaded:
        raise Failed("HAProxy cannot let requests for %s wait yet: 'prepare' it first" % params.backend)
    if not 0 < params.limit_s <= haproxy_hold.LONGEST_S:
        raise Failed("limit_s is a number of seconds up to %d, not %g" % (haproxy_hold.LONGEST_S, params.limit_s))
    is_long_enough = state.hold.till - state.now > params.limit_s / 2
    is_same = state.hold.mode in ("all", _mode(params, state))
    return Change(not (is_long_enough and is_same), result={"held": _mode(params, state)}, settles=False)


def _mode(params: Params, state: State) -> str:
    """Return which requests wait: all of TCP, and where taking a server out cuts what is under way."""
    if state.where.is_tcp:
        return "all"
    section = haproxy.backend_section(state.lines, params.backend)
    cuts = any("shutdown-sessions" in line.partition("#")[0] for line in state.lines[section.start : section.end])
    return "all" if cuts else params.hold


def _plan_point(params: Params, state: State) -> Change:
    side = _wanted_side(params)
    lines = _persisting(params, state.lines, side)
    if lines == state.lines and state.points_to == side:
        return Change(False)
    return Change(True, lines, {"points_to": side, "persisted": side}, _diff(params, state, lines))


def _wanted_side(params: Params) -> str:
    if params.to is None:
        raise Failed("do is %s but all of the following are missing: to" % params.do)
    return params.to


def _plan_release(params: Params, state: State) -> Change:
    return Change(state.hold.is_on, result={"held": ""})


def _plan_drain(params: Params, state: State) -> Change:
    return Change(None)


def _plan_current(params: Params, state: State) -> Change:
    if params.to and (state.points_to, state.persisted) != (params.to, params.to):
        raise Failed(
            "requests for %s go to: %s (after a reload: %s), expected: %s"
            % (params.backend, state.points_to, state.persisted, params.to),
            points_to=state.points_to,
            persisted=state.persisted,
        )
    return Change(False, result={"can_hold": state.is_loaded})


def _plan_remove(params: Params, state: State) -> Change:
    lines = haproxy_hold.without_hold(state.lines, state.where)
    if lines == state.lines and not state.program:
        return Change(False)
    return Change(True, lines, {"held": ""}, _diff(params, state, lines))


PLANS = {
    "prepare": _plan_prepare,
    "hold": _plan_hold,
    "point": _plan_point,
    "release": _plan_release,
    "drain": _plan_drain,
    "current": _plan_current,
    "remove": _plan_remove,
}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do it."""
    began = time.monotonic()
    result: Dict[str, Any] = APPLIES[change.params.do](change, system)
    figures = {"seconds": round(time.monotonic() - began, 4)}
    figures.update(result.pop("measured", {}))
    return dict(result, measured=figures)


def _prepare(change: Change, system: System) -> Dict[str, Any]:
    params, state = change.params, change.state
    if "+LUA" not in system.commands.run(["haproxy", "-vv"]).out:
        raise Failed("this HAProxy was built without Lua: it cannot let requests wait")
    system.files.write(state.where.program, state.where.text.encode(), mode=0o644)
    _write_config(params, state, change.todo, system)
    _reload(params, state, system)
    return {"reloaded": True}


def _write_config(params: Params, state: State, lines: List[str], system: System) -> None:
    if lines == state.lines:
        return
    replacement = system.files.replacing(params.config)
    with replacement as stream:
        stream.write(_bytes(lines))
        stream.flush()
        done = system.commands.run(["haproxy", "-c", "-f", replacement.temporary])
        if done.rc != 0:
            said = (done.err or done.out).strip()
            raise Failed("HAProxy refuses the new configuration, nothing was changed: " + said, rc=done.rc)


def _reload(params: Params, state: State, system: System) -> None:
    """Reload, and wait until another process answers."""
    before = _workers(params, state.socket, system)[0].pid()
    done = system.commands.run(["systemctl", "reload", params.service])
    if done.rc != 0:
        raise Failed("reloading %s failed: %s" % (params.service, (done.err or done.out).strip()), rc=done.rc)
    deadline = time.monotonic() + RELOAD_S
    while time.monotonic() < deadline:
        try:
            if Worker(system.files.real(state.socket)).pid() not in ("", before):
                return
        except Failed:
            pass  # between two workers nobody may answer
        time.sleep(0.05)
    raise Failed("%s was reloaded, but after %d s the old process still answers" % (params.service, RELOAD_S))


def _hold(change: Change, system: System) -> Dict[str, Any]:
    """Let new requests wait, then wait for those under way; give up, and let all pass, when it takes too long."""
    params, state = change.params, change.state
    now = time.time()
    since = state.hold.since if state.hold.is_on else now
    mode = "all" if state.hold.mode == "all" else _mode(params, state)
    haproxy_hold.write(system, state.where, Hold(mode, now + params.limit_s, since, state.hold.to))
    time.sleep(SETTLE_S)
    try:
        left = _wait_for_none(params, state, mode, system)
        if left and params.end:
            _end(params, state, system)
            left = _wait_for_none(params, state, mode, system)
    except Failed:
        _let_pass(state, system)
        raise
    if left:
        _let_pass(state, system)
        message = "%d requests for %s are still under way after %g s; nothing is held any more"
        raise Failed(message % (left, params.backend, params.wait_s), in_flight=left)
    return {"held": mode, "until": round(now + params.limit_s, 3)}


def _end(params: Params, state: State, system: System) -> None:
    """End the connections to all servers: who had one connects anew, and waits."""
    for worker in _workers(params, state.socket, system):
        for name in worker.servers(params.backend):
            if name in (*params.old, *params.new):
                worker.tell("shutdown sessions server %s/%s" % (params.backend, name))


def _let_pass(state: State, system: System) -> None:
    now = time.time()
    haproxy_hold.write(
        system, state.where, haproxy_hold.read(system, state.where)._replace(mode=haproxy_hold.OPEN, till=now)
    )


def _wait_for_none(params: Params, state: State, mode: str, system: System) -> int:
    """Return how many are left when the time is over; 0 is only believed when it is seen twice."""
    deadline = time.monotonic() + params.wait_s
    zeros = 0
    while True:
        found = _workers(params, state.socket, system)
        left = sum(_under_way(worker, params, state, mode) for worker in found)
        if not system.files.exists(params.master_socket):
            left += haproxy.unseen(found[0].pid(), system)
        zeros = zeros + 1 if left == 0 else 0
        if zeros == 2:
            return 0
        if time.monotonic() > deadline and left:
            return left
        time.sleep(NAP_S)


def _under_way(worker: Worker, params: Params, state: State, mode: str) -> int:
    if mode == "writes":
        writing = worker.writing(state.where.name)
        if writing is not None:
            return writing
    return _sessions(worker.servers(params.backend), [*params.old, *params.new])


def _sessions(servers: Dict[str, Server], names: Sequence[str]) -> int:
    told = [servers[name] for name in names if name in servers]
    waiting = servers["BACKEND"].queued if "BACKEND" in servers else 0
    return sum(server.sessions + server.queued for server in told) + waiting


def _point(change: Change, system: System) -> Dict[str, Any]:
    """Bring the wanted servers into service, take the others out, and write that into the configuration.

    A worker that a reload left behind takes no orders; it reads them from the file of the hold.
    """
    params, state = change.params, change.state
    wanted, others = (params.new, params.old) if params.to == "new" else (params.old, params.new)
    worker, *leaving = _workers(params, state.socket, system)
    before = worker.servers(params.backend)
    _set(worker, params.backend, wanted, "ready")
    try:
        if params.must_be_up:
            _wait_until_up(params, worker, wanted)
        _write_config(params, state, change.todo, system)
    except Failed:
        out = [name for name in wanted if name in before and not before[name].takes_requests]
        _set(worker, params.backend, out, "maint")
        raise
    _set(worker, params.backend, others, "maint")
    to = haproxy_hold.pointing(time.time(), wanted, others)
    haproxy_hold.write(system, state.where, haproxy_hold.read(system, state.where)._replace(to=to))
    if leaving:
        time.sleep(SETTLE_S)
    return {"leaving_workers": len(leaving)}


def _set(worker: Worker, backend: str, names: Sequence[str], state: str) -> None:
    known = worker.servers(backend)
    for name in names:
        if name not in known:
            raise Failed("the running HAProxy has no server %s/%s: 'prepare' it first" % (backend, name))
        worker.tell("set server %s/%s state %s" % (backend, name, state))


def _wait_until_up(params: Params, worker: Worker, names: Sequence[str]) -> None:
    deadline = time.monotonic() + params.wait_s
    while True:
        servers = worker.servers(params.backend)
        down = [servers[name] for name in names if not servers[name].is_up]
        if not down:
            return
        if time.monotonic() > deadline:
            message = "%s/%s is %s after %g s: requests stay where they are"
            raise Failed(message % (params.backend, down[0].name, down[0].status, params.wait_s))
        time.sleep(NAP_S)


def _release(change: Change, system: System) -> Dict[str, Any]:
    _let_pass(change.state, system)
    return {"measured": {"held_s": round(time.time() - change.state.hold.since, 3)}}


def _drain(change: Change, system: System) -> Dict[str, Any]:
    """Wait until the servers out of service have no session any more; some may be long, so that is no failure."""
    params, state = change.params, change.state
    names = params.old if state.points_to == "new" else params.new
    deadline = time.monotonic() + params.wait_s
    while True:
        told = [w.servers(params.backend) for w in _workers(params, state.socket, system)]
        left = sum(servers[name].sessions for servers in told for name in names if name in servers)
        if not left or time.monotonic() > deadline:
            return {"sessions": left, "drained": left == 0}
        time.sleep(NAP_S)


def _remove(change: Change, system: System) -> Dict[str, Any]:
    params, state = change.params, change.state
    system.files.remove(state.where.file)
    _write_config(params, state, change.todo, system)
    _reload(params, state, system)
    system.files.remove(state.where.program)
    return {"reloaded": True}


APPLIES = {
    "prepare": _prepare,
    "hold": _hold,
    "point": _point,
    "release": _release,
    "drain": _drain,
    "remove": _remove,
}

RETURNS = """
points_to: Which side the running HAProxy sends requests to: old, new, both, none or mixed.
persisted: The same as the configuration has it, for the next start.
held: Which requests wait; empty where none does.
measured: seconds, and after a release held_s, for which requests waited.
"""

EXAMPLES = """
- name: Get ready to switch
  haproxy_switch:
    do: prepare
    backend: site
    old: [web1]
    new: [web2]
    addresses:
      web2: 10.0.0.12
- name: Let writes wait
  haproxy_switch:
    do: hold
    hold: writes
    backend: site
    old: [web1]
    new: [web2]
"""
