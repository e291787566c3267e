"""Set the configuration of a running Redis server, flush it, or make it a replica or a master.

Speaks the server's protocol itself: no Python driver on the host. What is set here is lost when the server restarts,
unless it rewrites its file (``CONFIG REWRITE``).
"""

import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, redis

TRAITS = Traits(locks=("redis",), reach="others")
SIZE = re.compile(r"^(\d+)(b|k|kb|m|mb|g|gb)$", re.I)
FACTORS = {"b": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


class Params(redis.LoginParameters):
    """What to do."""

    command: str = optional("str", "What to do.", choices=("config", "flush", "replica", "slave"))
    name: Optional[str] = optional("str", "config: the directive.")
    value: Optional[str] = optional("str", "config: its value; sizes may have a unit (100mb).")
    db: Optional[int] = optional("int", "flush: the database.")
    flush_mode: str = optional("str", "flush: all databases or one.", "all", choices=("all", "db"))
    replica_mode: str = optional(
        "str", "replica: what it shall be.", "replica", aliases=("slave_mode",), choices=("master", "replica", "slave")
    )
    master_host: Optional[str] = optional("str", "replica: the master.")
    master_port: Optional[int] = optional("int", "replica: its port.")


class State(NamedTuple):
    """The directive's value, or INFO's section on replication."""

    value: Optional[str] = None
    replication: Dict[str, str] = {}


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    _check(params)
    with redis.connect(params) as client:
        if params.command == "config":
            found = client.ask("CONFIG", "GET", params.name or "")
            if not found:
                raise Failed("unable to read config: %s is not a directive of this server" % params.name)
            return State(found[1])
        if params.command == "flush":
            return State()
        return State(None, client.info("replication"))


def _check(params: Params) -> None:
    if params.command is None:
        raise Failed("missing required arguments: command")
    if params.command == "config" and (params.name is None or params.value is None):
        raise Failed("command is config but any of the following are missing: name, value")
    if params.command == "flush" and params.flush_mode == "db" and params.db is None:
        raise Failed("In db mode the db number must be provided")
    if params.command in ("replica", "slave") and params.replica_mode != "master":
        if not params.master_host:
            raise Failed("In replica mode master host must be provided")
        if not params.master_port:
            raise Failed("In replica mode master port must be provided")


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.command == "config":
        return _config(params, state)
    if params.command == "flush":
        if params.flush_mode == "all":
            return Change(True, [["FLUSHALL"]], {"flushed": True}, settles=False)
        return Change(
            True, [["SELECT", str(params.db)], ["FLUSHDB"]], {"flushed": True, "db": params.db}, settles=False
        )
    return _replica(params, state)


def _config(params: Params, state: State) -> Change:
    wanted, old = str(params.value), state.value or ""
    result = {"name": params.name, "value": _bytes(wanted)}
    if _bytes(wanted) == _bytes(old):
        return Change(False, result=result)
    diff = {"before": "%s %s\n" % (params.name, old), "after": "%s %s\n" % (params.name, _bytes(wanted))}
    return Change(True, [["CONFIG", "SET", params.name or "", _bytes(wanted)]], result, diff)


def _bytes(value: str) -> str:
    """Return a size as the server tells it, all else as it is."""
    match = SIZE.match(value.strip())
    return str(int(match.group(1)) * FACTORS[match.group(2).lower()]) if match else value


def _replica(params: Params, state: State) -> Change:
    info = state.replication
    if params.replica_mode == "master":
        result: Dict[str, Any] = {"mode": "master"}
        if info.get("role") == "master":
            return Change(False, result=result)
        before = "replica of %s:%s\n" % (info.get("master_host"), info.get("master_port"))
        return Change(True, [["REPLICAOF", "NO", "ONE"]], result, {"before": before, "after": "master\n"})
    host, port = str(params.master_host), str(params.master_port)
    result = {"mode": {"status": "replica", "master_host": host, "master_port": params.master_port}}
    is_so = info.get("role") == "slave" and (info.get("master_host"), info.get("master_port")) == (host, port)
    if is_so:
        return Change(False, result=result)
    diff = {"before": "%s\n" % info.get("role"), "after": "replica of %s:%s\n" % (host, port)}
    return Change(True, [["REPLICAOF", host, port]], result, diff)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell the server."""
    with redis.connect(change.params) as client:
        for words in change.todo:
            try:
                client.ask(*words)
            except redis.Refused as refused:
                said = "unable to write config" if words[0] == "CONFIG" else "%s failed" % words[0]
                raise Failed("%s: %s" % (said, refused)) from None
    return None


EXAMPLES = """
- name: Room for 400 clients
  redis:
    command: config
    name: maxclients
    value: "400"
- name: A replica of the first host
  redis:
    command: replica
    master_host: r1.example.org
    master_port: 6379
"""
