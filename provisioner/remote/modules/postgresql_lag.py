"""Wait until a PostgreSQL replica has replayed a position, and tell how far behind it is.

On a standby that is what it has replayed; on a server that others replicate from by ``slots``, what they confirmed.
"""

import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, postgresql_wire
from ..system.postgresql import text
from ..system.postgresql_wire import Session

TRAITS = Traits(predictable="no", reach="others", settles=False)
HERE = """SELECT pg_is_in_recovery() AS standby, pg_snapshot_xmax(pg_current_snapshot()) AS transactions,
CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END AS position"""


class Params(postgresql_wire.LocalParameters):
    """What is waited for."""

    position: str = optional("str", "The position to wait for; empty: only tell.", "")
    slots: List[str] = optional(
        "list", "Slots that must have confirmed it, instead of this server.", [], elements="str"
    )
    timeout_s: float = optional("float", "How long to wait.", 60.0)
    transactions: Optional[int] = optional("int", "The next transaction's number that it must have.")
    max_lag_s: Optional[float] = optional("float", "Fail where it took longer than this to catch up.")


class State(NamedTuple):
    """Where the server is."""

    position: str
    is_standby: bool
    transactions: int


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    with postgresql_wire.connect(params) as session:
        row = session.row(HERE)
    return State(row["position"] or "0/0", row["standby"] == "t", int(row["transactions"] or 0))


def plan(params: Params, state: State) -> Change:
    """Waiting changes nothing; whether it has to be waited for, only time tells."""
    result = dict(state._asdict())
    if params.transactions is not None and state.transactions != params.transactions:
        numbers = (state.transactions, params.transactions)
        raise Failed("the next transaction here is number %d, not %d: somebody has written, or not all came" % numbers)
    if not params.position:
        return Change(False, result=result)
    if not params.slots and not state.is_standby:
        done = as_number(state.position) >= as_number(params.position)
        told = (state.position, params.position)
        if not done:
            raise Failed("this server takes writes itself and is at %s, not at %s" % told)
        return Change(False, result=dict(result, behind=0, measured={"lag_s": 0.0, "seconds": 0.0, "bytes": 0}))
    return Change(None, result=result)


def as_number(position: str) -> int:
    """Return a position (``16/B374D848``) as a number of bytes."""
    high, _, low = position.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Wait."""
    params, started = change.params, time.monotonic()
    wanted = as_number(params.position)
    with postgresql_wire.connect(params) as session:
        first = at = as_number(_place(params, session))
        while at < wanted:
            waited = time.monotonic() - started
            if waited > params.timeout_s:
                told = (_shown(at), params.position, wanted - at, waited)
                raise Failed("at %s, not at %s yet: %d bytes behind after %.1f s" % told, behind=wanted - at)
            time.sleep(0.002 if waited < 1 else 0.05)
            at = as_number(_place(params, session))
    seconds = round(time.monotonic() - started, 4)
    if params.max_lag_s is not None and seconds > params.max_lag_s:
        raise Failed("it took %.2f s to catch up, more than %.2f s" % (seconds, params.max_lag_s))
    now = inspect(params, system)
    figures = {"seconds": seconds, "lag_s": seconds, "bytes": max(wanted - first, 0)}
    return dict(now._asdict(), changed=False, behind=0, measured=figures)


def _place(params: Params, session: Session) -> str:
    if not params.slots:
        return session.value("SELECT coalesce(pg_last_wal_replay_lsn(), '0/0')")
    listed = ", ".join(text(each) for each in params.slots)
    asked = "SELECT slot_name, confirmed_flush_lsn, restart_lsn FROM pg_replication_slots WHERE slot_name IN (%s)"
    rows = session.rows(asked % listed)
    if len(rows) < len(params.slots):
        missing = sorted(set(params.slots) - {row["slot_name"] or "" for row in rows})
        raise Failed("there is no replication slot %s" % ", ".join(missing))
    return min((row["confirmed_flush_lsn"] or row["restart_lsn"] or "0/0" for row in rows), key=as_number)


def _shown(position: int) -> str:
    return "%X/%X" % (position >> 32, position & 0xFFFFFFFF)


EXAMPLES = """
- name: The standby has everything up to there
  postgresql_lag:
    position: "{{ frozen.position }}"
    timeout_s: 5
"""
