"""Make a Redis server a replica of another one and wait until it is in step, or let a replica take over.

It never gives up keys of its own unless ``replace`` is on. Where the server has a configuration file, that follows.
"""

import time
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, notes, redis

TRAITS = Traits(locks=("redis",), reach="others")


class Params(redis.LoginParameters):
    """What it is to be, and of whom."""

    state: str = optional("str", "What the server is.", "replica", choices=("replica", "primary"))
    host: Optional[str] = optional("str", "The other server's address.")
    source_port: int = optional("int", "The other server's port.", 6379)
    source_user: Optional[str] = optional("str", "The user to log in as there.")
    source_password: Optional[str] = optional("str", "The password there.", no_log=True)
    note: Optional[str] = optional("path", "Where it is written down that the keys here are copies.")
    replace: bool = optional("bool", "Whether keys that are here may be given up.", False)
    source_is_frozen: bool = optional(
        "bool", "The other server takes no writes: what is here counts, and stays.", False
    )
    timeout_s: float = optional("float", "How long the first copy may take.", 3600.0)


class State(NamedTuple):
    """INFO's section on replication, how many keys there are, and whether they are copies."""

    info: Dict[str, str]
    keys: int
    is_copy: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    with redis.connect(params) as client:
        info, spaces = client.info("replication"), client.info("keyspace")
    keys = sum(int(each.split(",")[0].partition("=")[2]) for each in spaces.values())
    is_copy = bool(params.note) and notes.note(params.note or "").get("host") == params.host
    return State(info, keys, is_copy)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    nothing = {"measured": {"seconds": 0.0, "bytes": 0}, "position": position(state.info)}
    if params.state == "primary":
        return Change(state.info.get("role") != "master", result=nothing)
    if not params.host:
        raise Failed("replica needs the host to follow")
    follows = (state.info.get("master_host"), state.info.get("master_port"))
    is_so = state.info.get("role") == "slave" and follows == (params.host, str(params.source_port))
    if is_so and state.info.get("master_link_status") == "up":
        return Change(False, result=nothing)
    if state.info.get("role") == "master" and state.is_copy and params.source_is_frozen:
        raise Failed(
            "this server has taken over, and the other one takes no writes: go back first, or it would be lost"
        )
    if state.info.get("role") == "master" and state.keys and not state.is_copy and not params.replace:
        raise Failed("this server holds %d keys of its own: replace: true gives them up" % state.keys)
    return Change(True, result=nothing)


def position(info: Dict[str, str]) -> int:
    """Return how many bytes of the stream of changes a server has."""
    return int(info.get("slave_repl_offset" if info.get("role") == "slave" else "master_repl_offset") or 0)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell the server, and wait."""
    params, started = change.params, time.monotonic()
    moved = 0
    with redis.connect(params) as client:
        try:
            if params.state == "primary":
                client.ask("REPLICAOF", "NO", "ONE")
            else:
                _follow(params, client)
                moved = _wait(params, client, system)
                if params.note:
                    notes.write_note(params.note, {"host": params.host})
            _persist(client)
            place = position(client.info("replication"))
        except redis.Refused as refused:
            raise Failed(str(refused)) from None
    figures = {"seconds": round(time.monotonic() - started, 4), "bytes": moved}
    return {"position": place, "measured": figures}


def _follow(params: Params, client: redis.Client) -> None:
    if params.source_user:
        client.ask("CONFIG", "SET", "masteruser", params.source_user)
    if params.source_password:
        client.ask("CONFIG", "SET", "masterauth", params.source_password)
    client.ask("REPLICAOF", params.host or "", str(params.source_port))


def _wait(params: Params, client: redis.Client, system: System) -> int:
    """Wait until it is in step; return the bytes of the first copy."""
    deadline, told, moved = time.monotonic() + params.timeout_s, time.monotonic(), 0
    while True:
        info = client.info("replication")
        moved = max(moved, int(info.get("master_sync_read_bytes") or 0))
        if info.get("master_link_status") == "up":
            return moved
        if time.monotonic() > deadline:
            raise Failed("not in step with %s after %.0f s" % (params.host, params.timeout_s))
        if time.monotonic() - told > 1:
            told = time.monotonic()
            left = info.get("master_sync_left_bytes") or "?"
            system.emit("stdout", "%d bytes, %s to go\n" % (moved, left))
        time.sleep(0.02)


def _persist(client: redis.Client) -> None:
    try:
        client.ask("CONFIG", "REWRITE")
    except redis.Refused as refused:
        if "config file" not in str(refused):
            raise


EXAMPLES = """
- name: Follow the first server
  redis_replica:
    host: 192.0.2.6
- name: Take over
  redis_replica:
    state: primary
"""
