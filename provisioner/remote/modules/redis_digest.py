"""Count and checksum every key of a Redis server, and say whether two servers hold the same."""

import hashlib
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, redis

TRAITS = Traits(settles=False)
AT_ONCE = "1000"


class Params(redis.LoginParameters):
    """What is looked at."""

    do: str = optional("str", "What to do.", "now", choices=("now", "compare"))
    mine: Dict[str, Any] = optional("dict", "compare: the result here.", {})
    theirs: Dict[str, Any] = optional("dict", "compare: the result there.", {})


class State(NamedTuple):
    """The figures."""

    found: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Look at every key that has no end."""
    if params.do == "compare":
        return State({})
    started = time.monotonic()
    found: Dict[str, List[Any]] = {}
    with redis.connect(params) as client:
        try:
            for space in sorted(client.info("keyspace")):
                client.ask("SELECT", space[2:])
                found[space] = _sum(client)
        except redis.Refused as refused:
            raise Failed(str(refused)) from None
    total = sum(each[0] for each in found.values())
    figures = {"seconds": round(time.monotonic() - started, 4), "rows": total}
    return State({"databases": {k: v for k, v in found.items() if v[0]}, "rows": total, "measured": figures})


def _sum(client: redis.Client) -> List[Any]:
    """Return the number of keys, and the sum of the checksums of what they hold, in any order."""
    seen, cursor = set(), "0"
    count, total = 0, 0
    while True:
        cursor, keys = client.ask("SCAN", cursor, "COUNT", AT_ONCE)
        for key in keys:
            if key in seen or client.ask("PTTL", key) != -1:
                continue
            seen.add(key)
            held = hashlib.sha1(("%s\0%s" % (key, _held(client, key))).encode("utf-8", "replace")).digest()  # noqa: S324
            count, total = count + 1, (total + int.from_bytes(held[:8], "big")) % (1 << 64)
        if cursor == "0":
            return [count, "%016x" % total]


def _held(client: redis.Client, key: str) -> Any:
    kind = client.ask("TYPE", key)
    if kind == "string":
        return client.ask("GET", key)
    if kind == "list":
        return client.ask("LRANGE", key, "0", "-1")
    if kind == "set":
        return sorted(client.ask("SMEMBERS", key))
    if kind == "zset":
        return client.ask("ZRANGE", key, "0", "-1", "WITHSCORES")
    if kind == "hash":
        flat = client.ask("HGETALL", key)
        return sorted(zip(flat[::2], flat[1::2]))
    return client.ask("XRANGE", key, "-", "+") if kind == "stream" else kind


def plan(params: Params, state: State) -> Change:
    """Say what was found, or what differs."""
    if params.do == "now":
        return Change(False, result=state.found)
    here, there = params.mine.get("databases") or {}, params.theirs.get("databases") or {}
    wrong = [each for each in sorted(set(here) | set(there)) if here.get(each) != there.get(each)]
    if wrong:
        told = ["%s: %s here, %s there" % (each, here.get(each), there.get(each)) for each in wrong]
        raise Failed("%d databases differ: %s" % (len(wrong), "; ".join(told)), differences=wrong)
    return Change(False, result={"rows": params.mine.get("rows", 0)})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing: it only reads."""
    return None


EXAMPLES = """
- name: What is in this server
  redis_digest:
  register: digest
"""
