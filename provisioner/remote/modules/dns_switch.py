"""Move a DNS record: lower its lifetime ahead, change it, and see that every server of the zone has it.

Updates are those of RFC 2136, signed with a TSIG key. ``lower`` remembers the lifetime that was and when it was
lowered: until that is over, some still have the old record for long. Speaks the protocol itself; needs no program on
the host.
"""

import json
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_together
from ..system import System
from ..system.dns_wire import Key, Record, Server, addresses_of, replacement

TRAITS = Traits(reach="others")
NAP_S = 0.05
VERBS = ("lower", "point", "current", "restore")


class Params(Parameters):
    """Which record, where, and what it becomes."""

    do: str = required("str", "What to do.", choices=VERBS)
    record: str = required("str", "The record's full name.")
    type: str = optional("str", "Its type.", "A", choices=("A", "AAAA", "CNAME"))
    values: List[str] = optional("list", "point: its values; current: those it must have.", (), elements="str")
    ttl: int = optional("int", "lower, point: its lifetime in seconds.", 30)
    server: str = optional("str", "The server that takes updates.", "127.0.0.1")
    port: int = optional("int", "Its port.", 53)
    zone: Optional[str] = optional("str", "The zone; found out.")
    servers: Optional[List[str]] = optional(
        "list", "All servers of the zone; those its NS records name.", elements="str"
    )
    key_name: Optional[str] = optional("str", "Name of the TSIG key.")
    key_secret: Optional[str] = optional("str", "The key itself, in base64.", no_log=True)
    key_algorithm: str = optional("str", "Its algorithm.", "hmac-sha256")
    wait_s: float = optional("float", "point: how long to wait until all servers have the record.", 10.0)
    must_have_waited: bool = optional("bool", "current: fail while the lifetime of before is not over.", False)
    memory: str = optional("path", "Where the lifetime of before is remembered.", "/var/lib/provisioner/dns")
    rules = (required_together("key_name", "key_secret"),)


class State(NamedTuple):
    """The zone, the record as the first server has it, what was remembered, and what every server has."""

    zone: str
    records: List[Record]
    remembered: Dict[str, Any]
    now: float
    servers: Dict[str, List[str]]


def inspect(params: Params, system: System) -> State:
    """Ask the server, and for ``current`` all of them."""
    server = Server(params.server, params.port)
    zone = params.zone or server.zone_of(params.record)
    servers = _everywhere(params, server, zone) if params.do in ("point", "current") else {}
    return State(zone, server.records(params.record, params.type), _remembered(params, system), time.time(), servers)


def _everywhere(params: Params, server: Server, zone: str) -> Dict[str, List[str]]:
    """Return what every server of the zone has; nothing for one that does not answer."""
    places = {each: each for each in params.servers} if params.servers else addresses_of(server, zone)
    found = {}
    for name, address in places.items():
        try:
            port = params.port if address == params.server else 53
            found[name] = sorted(r.value for r in Server(address, port).records(params.record, params.type))
        except Failed:
            found[name] = []
    return found


def _path(params: Params) -> str:
    return "%s/%s-%s.json" % (params.memory, params.record.rstrip(".").lower().replace("/", "_"), params.type)


def _remembered(params: Params, system: System) -> Dict[str, Any]:
    try:
        told = json.loads((system.files.read_or_none(_path(params)) or b"{}").decode())
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _wanted(params: Params) -> List[str]:
    names = params.type == "CNAME"
    return sorted(each.rstrip(".").lower() + "." if names else each for each in params.values)


def plan(params: Params, state: State) -> Change:
    """Say what there is to do."""
    values, ttl = sorted(record.value for record in state.records), min((r.ttl for r in state.records), default=0)
    change: Change = PLANS[params.do](params, state, values, ttl)
    waited = float(state.remembered.get("at", 0.0)) + float(state.remembered.get("ttl", 0))
    told = {"values": values, "ttl": ttl, "zone": state.zone, "measured": {"wait_s": _left(waited, state.now)}}
    change.result = dict(told, **change.result)
    if state.servers:
        change.result["servers"] = state.servers
    return change


def _left(until: float, now: float) -> float:
    return round(max(0.0, until - now), 1)


def _plan_lower(params: Params, state: State, values: List[str], ttl: int) -> Change:
    if not values:
        raise Failed("%s has no record of type %s" % (params.record, params.type))
    if ttl <= params.ttl:
        return Change(False)
    remembered = {"ttl": ttl, "at": state.now}
    result = {"ttl": params.ttl, "measured": {"wait_s": float(ttl)}}
    return Change(True, (values, params.ttl, remembered), result, _diff(params, (values, ttl), (values, params.ttl)))


def _plan_point(params: Params, state: State, values: List[str], ttl: int) -> Change:
    wanted = _wanted(params)
    if not wanted:
        raise Failed("do is point but all of the following are missing: values")
    if values == wanted and all(told == wanted for told in state.servers.values()):
        return Change(False)
    lifetime = min(ttl or params.ttl, params.ttl)
    diff = _diff(params, (values, ttl), (wanted, lifetime))
    return Change(True, (wanted, lifetime, None), {"values": wanted, "ttl": lifetime}, diff)


def _plan_current(params: Params, state: State, values: List[str], ttl: int) -> Change:
    wanted = _wanted(params)
    for name, told in sorted(dict(state.servers, **{params.server: values}).items()):
        if wanted and told != wanted:
            said = ", ".join(told) or "nothing"
            raise Failed(
                "%s is %s at %s, expected: %s" % (params.record, said, name, ", ".join(wanted)), servers=state.servers
            )
    left = _left(float(state.remembered.get("at", 0.0)) + float(state.remembered.get("ttl", 0)), state.now)
    if params.must_have_waited and left:
        message = "the lifetime that %s had before (%d s) is over in %.0f s only"
        raise Failed(message % (params.record, state.remembered["ttl"], left), measured={"wait_s": left})
    return Change(False)


def _plan_restore(params: Params, state: State, values: List[str], ttl: int) -> Change:
    before = int(state.remembered.get("ttl", 0))
    if not before or not values:
        return Change(False)
    return Change(True, (values, before, {}), {"ttl": before}, _diff(params, (values, ttl), (values, before)))


def _diff(params: Params, before: Any, after: Any) -> Dict[str, str]:
    sides = {}
    for side, (values, ttl) in (("before", before), ("after", after)):
        sides[side] = "".join("%s %d %s %s\n" % (params.record, ttl, params.type, value) for value in values)
    return sides


PLANS = {"lower": _plan_lower, "point": _plan_point, "current": _plan_current, "restore": _plan_restore}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Send the update; what is to be remembered is written first."""
    params, state = change.params, change.state
    values, ttl, remembered = change.todo
    began = time.monotonic()
    if remembered:
        _remember(params, remembered, system)
    server = Server(params.server, params.port)
    key = Key(params.key_name, params.key_algorithm, params.key_secret) if params.key_name else None
    server.update(replacement(state.zone, params.record, params.type, ttl, values), key)
    if remembered == {}:
        system.files.remove(_path(params))
    result: Dict[str, Any] = {}
    if params.do == "point":
        result["servers"] = _wait_for_all(params, server, state.zone, sorted(values))
    measured = dict(change.result["measured"], seconds=round(time.monotonic() - began, 4)) if change.result else {}
    return dict(result, measured=measured)


def _remember(params: Params, remembered: Dict[str, Any], system: System) -> None:
    for made in system.files.makedirs(params.memory, 0o700):
        system.files.chmod(made, 0o700)
    system.files.write(_path(params), json.dumps(remembered).encode(), mode=0o600)


def _wait_for_all(params: Params, server: Server, zone: str, wanted: List[str]) -> Dict[str, List[str]]:
    deadline = time.monotonic() + params.wait_s
    while True:
        told = _everywhere(params, server, zone)
        late = sorted(name for name, values in told.items() if values != wanted)
        if not late:
            return told
        if time.monotonic() > deadline:
            said = ", ".join(told[late[0]]) or "nothing"
            message = "%s still tells %s for %s after %g s; the other servers have the new record"
            raise Failed(message % (late[0], said, params.record, params.wait_s), servers=told, changed=True)
        time.sleep(NAP_S)


RETURNS = """
values: The record's values.
ttl: Its lifetime.
servers: What every server of the zone has.
measured: seconds, and wait_s, for which the lifetime of before goes on.
"""

EXAMPLES = """
- name: The record is forgotten quickly from now on
  dns_switch:
    do: lower
    record: shop.example.org
    ttl: 30
    server: 10.0.0.53
    key_name: provisioner
    key_secret: "{{ dns_key }}"
- name: It leads to the new server
  dns_switch:
    do: point
    record: shop.example.org
    values: [10.0.0.12]
    server: 10.0.0.53
    key_name: provisioner
    key_secret: "{{ dns_key }}"
"""
