"""Make a Redis server refuse writes, and let it take them again; reads go on, no connection is lost, nothing restarts.

It is told that more replicas must be there than ever will: every write is answered with NOREPLICAS. It stays so after a
restart where the server has a configuration file.
"""

import time
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, notes, redis

TRAITS = Traits(locks=("redis",), reach="others")
NEVER = "2000000000"


class Params(redis.LoginParameters):
    """Frozen or not."""

    state: str = optional("str", "What the server is.", "frozen", choices=("frozen", "thawed"))
    note: str = optional("path", "Where the settings as they were are kept.", "/var/lib/provisioner/redis-freeze.json")


class State(NamedTuple):
    """The two settings, and how many bytes of changes there are."""

    replicas: str
    lag: str
    position: int


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    with redis.connect(params) as client:
        replicas = client.ask("CONFIG", "GET", "min-replicas-to-write")
        lag = client.ask("CONFIG", "GET", "min-replicas-max-lag")
        place = int(client.info("replication").get("master_repl_offset") or 0)
    return State(replicas[1], lag[1], place)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    is_frozen = state.replicas == NEVER and state.lag != "0"
    result = {"position": state.position, "measured": {"seconds": 0.0}}
    return Change(is_frozen != (params.state == "frozen"), result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell the server; what is under way ends before, it does one thing at a time."""
    params, state, started = change.params, change.state, time.monotonic()
    before = notes.note(params.note)
    if params.state == "frozen":
        if state.replicas != NEVER:
            notes.write_note(params.note, {"replicas": state.replicas, "lag": state.lag})
        wanted = [("min-replicas-max-lag", "10"), ("min-replicas-to-write", NEVER)]
    else:
        wanted = [
            ("min-replicas-to-write", before.get("replicas", "0")),
            ("min-replicas-max-lag", before.get("lag", "10")),
        ]
    with redis.connect(params) as client:
        try:
            for key, value in wanted:
                client.ask("CONFIG", "SET", key, value)
            place = int(client.info("replication").get("master_repl_offset") or 0)
        except redis.Refused as refused:
            raise Failed(str(refused)) from None
        try:
            client.ask("CONFIG", "REWRITE")
        except redis.Refused as refused:
            if "config file" not in str(refused):
                raise Failed(str(refused)) from None
    if params.state == "thawed":
        notes.write(params.note, "")
    return {"position": place, "measured": {"seconds": round(time.monotonic() - started, 4)}}


EXAMPLES = """
- name: Nothing is written any more
  redis_freeze:
  register: frozen
"""
