"""Wait until a Redis replica has all changes up to a position, and tell what a server is."""

import time
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, redis

TRAITS = Traits(predictable="no", reach="others", settles=False)


class Params(redis.LoginParameters):
    """What is waited for."""

    position: Optional[int] = optional("int", "The position to wait for; without it: only tell.")
    timeout_s: float = optional("float", "How long to wait.", 60.0)


class State(NamedTuple):
    """Role, position, link, memory in bytes, keys that stay by database, whether writes are refused."""

    is_replica: bool
    position: int
    is_linked: bool
    bytes: int
    keys_by_database: Dict[str, int]
    is_frozen: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    with redis.connect(params) as client:
        return _look(client)


def _look(client: redis.Client) -> State:
    info = client.info("replication")
    is_replica = info.get("role") == "slave"
    place = int(info.get("slave_repl_offset" if is_replica else "master_repl_offset") or 0)
    memory = int(client.info("memory").get("used_memory") or 0)
    frozen = int(client.ask("CONFIG", "GET", "min-replicas-to-write")[1]) >= 2000000000
    keys = {name: _lasting(told) for name, told in client.info("keyspace").items()}
    linked = info.get("master_link_status") == "up" or not is_replica
    return State(is_replica, place, linked, memory, {k: v for k, v in keys.items() if v}, frozen)


def _lasting(told: str) -> int:
    """Return how many keys have no end: a replica counts those at their end otherwise than the primary."""
    parts = dict(each.split("=", 1) for each in told.split(","))
    return int(parts.get("keys", 0)) - int(parts.get("expires", 0))


def plan(params: Params, state: State) -> Change:
    """Waiting changes nothing."""
    result = dict(state._asdict())
    if params.position is None or (state.is_linked and state.position >= params.position):
        return Change(False, result=dict(result, measured={"seconds": 0.0, "lag_s": 0.0, "bytes": 0}))
    if not state.is_replica:
        raise Failed("this server follows none, and is at %d, not at %d" % (state.position, params.position))
    return Change(None, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Wait."""
    params, started = change.params, time.monotonic()
    with redis.connect(params) as client:
        state = _look(client)
        while not state.is_linked or state.position < params.position:
            waited = time.monotonic() - started
            if waited > params.timeout_s:
                told = (
                    state.position,
                    params.position,
                    waited,
                    "" if state.is_linked else "; it has lost the other server",
                )
                raise Failed("at %d, not at %d yet after %.1f s%s" % told)
            time.sleep(0.002 if waited < 1 else 0.05)
            state = _look(client)
    seconds = round(time.monotonic() - started, 4)
    missing = max(0, params.position - change.state.position)
    return dict(state._asdict(), changed=False, measured={"seconds": seconds, "lag_s": seconds, "bytes": missing})


EXAMPLES = """
- name: The replica has everything up to there
  redis_lag:
    position: "{{ frozen.position }}"
"""
