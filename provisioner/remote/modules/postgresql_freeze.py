"""Make a PostgreSQL server read-only for everybody, and let it be written again; no restart, no connection is lost.

Frozen means: every new transaction is read-only, on connections that are open and on new ones, also after a restart;
those under way got ``wait_s`` to end and were ended then. ``position`` is where the last write ended: a replica that
has replayed it has everything. ``transactions`` (the next transaction's number) stays the same while nobody writes.
"""

import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, postgresql_wire
from ..system.postgresql import Refused
from ..system.postgresql_cluster import is_frozen
from ..system.postgresql_wire import Session

TRAITS = Traits(locks=("postgresql",), reach="others")
SETTINGS = {"default_transaction_read_only": "on", "autovacuum": "off"}
IN_FLIGHT = """SELECT pid, usename, application_name, backend_xid IS NOT NULL AS writes FROM pg_stat_activity
WHERE backend_type IN ('client backend', 'autovacuum worker') AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
AND xact_start < pg_conf_load_time() + interval '20 ms' AND application_name <> 'provisioner'"""
LAST = """BEGIN; SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, 'provisioner', 'end');
COMMIT; SELECT pg_current_wal_flush_lsn() AS position, pg_snapshot_xmax(pg_current_snapshot()) AS transactions"""
HERE = """SELECT pg_current_wal_flush_lsn() AS position, pg_snapshot_xmax(pg_current_snapshot()) AS transactions"""
SETTLE_S = 0.025
"""Longer than what IN_FLIGHT adds to the time of the signal: whoever began until then is waited for."""


class Params(postgresql_wire.LocalParameters):
    """Frozen or not."""

    state: str = optional("str", "What the server is.", "frozen", choices=("frozen", "thawed"))
    wait_s: float = optional("float", "How long transactions under way may go on.", 1.0)


class State(NamedTuple):
    """Whether it is frozen, is a standby, and where it is."""

    is_frozen: bool
    is_standby: bool
    prepared: int
    left: int
    place: Dict[str, Optional[str]]


def inspect(params: Params, system: System) -> State:
    """Look at what new connections get, and what the server was told."""
    with postgresql_wire.connect(params) as session:
        is_standby = session.value("SELECT pg_is_in_recovery()") == "t"
        frozen = is_frozen(session)
        prepared = int(session.value("SELECT count(*) FROM pg_prepared_xacts"))
        place = session.row(HERE) if frozen and not is_standby else {}
        left = len(session.rows(IN_FLIGHT)) if frozen else 0
    return State(frozen, is_standby, prepared, left, place)


def plan(params: Params, state: State) -> Change:
    """Compare; a frozen server is asked again whether transactions are left, so that a broken freeze is finished."""
    if params.state == "thawed":
        return Change(state.is_frozen, "thaw", {"measured": {"seconds": 0.0}})
    if state.is_standby:
        raise Failed("this server is a standby: freeze the one that takes writes")
    if state.prepared:
        raise Failed("%d prepared transactions could be committed later: finish them first" % state.prepared)
    result = dict(_told(state.place), ended=[], measured={"seconds": 0.0}) if state.is_frozen else {}
    return Change(not state.is_frozen or state.left > 0, "freeze", result)


def _told(place: Dict[str, Optional[str]]) -> Dict[str, Any]:
    return {"position": place.get("position") or "", "transactions": int(place.get("transactions") or 0)}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell the server, and see that it holds."""
    params, started = change.params, time.monotonic()
    try:
        with postgresql_wire.connect(params) as session:
            if change.todo == "thaw":
                for name in SETTINGS:
                    session.answers("ALTER SYSTEM RESET %s" % name)
                _reload(params, session, "off")
                return {"measured": {"seconds": round(time.monotonic() - started, 4)}}
            told = freeze(params, session)
    except Refused as refused:
        raise Failed(refused.message) from None
    told["measured"] = {"seconds": round(time.monotonic() - started, 4)}
    return told


def freeze(params: Params, session: Session) -> Dict[str, Any]:
    """Stop writes, wait for transactions under way, end what is left, and return where the last write ended."""
    try:
        for name, value in SETTINGS.items():
            session.answers("ALTER SYSTEM SET %s = %s" % (name, value))
        _reload(params, session, "on")
        ended = _drain(session, params.wait_s)
    except Refused:
        for name in SETTINGS:
            session.answers("ALTER SYSTEM RESET %s" % name)
        session.answers("SELECT pg_reload_conf()")
        raise
    return dict(_told(session.row(LAST)), ended=ended)


def _reload(params: Params, session: Session, wanted: str) -> None:
    """Let the server read its settings; when a new process knows them, all others had the signal before it began."""
    session.answers("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 10
    while True:
        with postgresql_wire.connect(params) as fresh:
            known = fresh.value("SELECT reset_val FROM pg_settings WHERE name = 'autovacuum'")
        if (known == "off") == (wanted == "on"):
            break
        if time.monotonic() > deadline:
            raise Refused("the server does not take over its settings")
        time.sleep(0.002)
    time.sleep(SETTLE_S)


def _drain(session: Session, wait_s: float) -> List[Dict[str, Any]]:
    """Wait for transactions that began before; end those that go on; return whose they were."""
    deadline = time.monotonic() + wait_s
    ended: List[Dict[str, Any]] = []
    while True:
        left = session.rows(IN_FLIGHT)
        if not left:
            return ended
        if time.monotonic() > deadline:
            for row in left:
                session.answers("SELECT pg_terminate_backend(%d)" % int(row["pid"] or 0))
            known = {each["pid"] for each in ended}
            ended += [dict(row) for row in left if row["pid"] not in known]
            if time.monotonic() > deadline + 10:
                raise Refused("%d transactions do not end" % len(left))
        time.sleep(0.005)


EXAMPLES = """
- name: Nothing is written any more
  postgresql_freeze:
    wait_s: 0.5
  register: frozen
- name: Writes go on
  postgresql_freeze:
    state: thawed
"""
