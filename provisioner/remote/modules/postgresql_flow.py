"""Let changes flow from one PostgreSQL server to another by logical replication, without a first copy.

``published`` on the source makes, in every database, a publication of all tables and a slot that keeps changes from now
on; tables without a key get a replica identity, so that their rows can still be changed. ``subscribed`` on the target
follows these slots. Both servers must hold the same data when the source is published. ``absent`` takes away what there
is, ``told`` only says it.
"""

import hashlib
import json
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required, required_if
from ..system import System, postgresql_wire
from ..system.postgresql import Refused, name, text
from ..system.postgresql_cluster import home, is_frozen, write_private
from ..system.postgresql_wire import Session

TRAITS = Traits(locks=("postgresql",), reach="others")
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
TABLES = """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""
KEYLESS = """SELECT format('%I.%I', n.nspname, c.relname) AS t FROM pg_class c JOIN pg_namespace n
ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.relreplident = 'd'
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 1"""
ALIVE = "keepalives_idle=10 keepalives_interval=5 keepalives_count=3 connect_timeout=10"

STATES = ("published", "subscribed", "absent", "told")


class Params(postgresql_wire.LocalParameters):
    """What flows, and which end this is."""

    name: str = required("str", "The name of publications, subscriptions, and the first part of the slots'.")
    state: str = optional("str", "Which end this is.", "published", choices=STATES)
    databases: List[str] = optional("list", "Which; else all.", [], elements="str")
    host: Optional[str] = optional("str", "subscribed: the source's address.")
    source_port: int = optional("int", "subscribed: the source's port.", 5432)
    user: Optional[str] = optional("str", "subscribed: the role to log in as there.")
    passfile: Optional[str] = optional(
        "path", "subscribed: the file with its password; else that of postgresql_passfile."
    )
    rules = (required_if("state", "subscribed", "host", "user"),)


class State(NamedTuple):
    """What is there, by database; which replica identities are ours."""

    databases: Dict[str, Dict[str, bool]]
    identities: Dict[str, List[str]]
    in_recovery: bool
    is_frozen: bool


def slot_of(flow: str, database: str) -> str:
    """Return the name of the slot of one database."""
    return "%s_%s" % (flow, hashlib.sha256(database.encode("utf-8")).hexdigest()[:8])


def inspect(params: Params, system: System) -> State:
    """Look into every database."""
    found: Dict[str, Dict[str, bool]] = {}
    with postgresql_wire.connect(params) as session:
        in_recovery = session.value("SELECT pg_is_in_recovery()") == "t"
        frozen = is_frozen(session)
        names = params.databases or [row["datname"] or "" for row in session.rows(DATABASES)]
        slots = {row["slot_name"] for row in session.rows("SELECT slot_name FROM pg_replication_slots")}
        asked = "SELECT d.datname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE s.subname = %s"
        subscribed = {row["datname"] for row in session.rows(asked % text(params.name))}
    for each in names:
        with postgresql_wire.connect(params, each) as session:
            if not params.databases and session.value(TABLES) == "0":
                continue  # nothing can change in it
            published = (
                session.value("SELECT count(*) FROM pg_publication WHERE pubname = %s" % text(params.name)) == "1"
            )
        slot = slot_of(params.name, each) in slots
        found[each] = {"published": published, "slot": slot, "subscribed": each in subscribed}
    return State(found, _identities(params), in_recovery, frozen)


def _note(params: Params) -> str:
    return os.path.join(home(params), ".provisioner-%s-identities.json" % params.name)


def _identities(params: Params) -> Dict[str, List[str]]:
    try:
        with open(_note(params)) as stream:
            told: Dict[str, List[str]] = json.load(stream)
    except (OSError, ValueError):
        return {}
    return told


def plan(params: Params, state: State) -> Change:
    """Name the databases in which something is to do."""
    if params.state == "published" and state.in_recovery:
        raise Failed("a standby cannot publish: promote it first")
    todo = _todo(params, state)
    slots = [slot_of(params.name, each) for each in state.databases]
    is_left = params.state == "absent" and bool(state.identities) and not state.in_recovery
    told: Dict[str, Any] = {"databases": list(state.databases), "slots": slots, "is_frozen": state.is_frozen}
    for what in ("published", "subscribed"):
        told[what] = [each for each, it in state.databases.items() if it[what] and not state.in_recovery]
    return Change(bool(todo) or is_left, todo, told)


def _todo(params: Params, state: State) -> List[str]:
    if params.state == "published":
        todo = [each for each, it in state.databases.items() if not (it["published"] and it["slot"])]
    elif params.state == "subscribed":
        todo = [each for each, it in state.databases.items() if not it["subscribed"]]
    elif params.state == "told":
        todo = []
    else:
        todo = [each for each, it in state.databases.items() if any(it.values()) and not state.in_recovery]
    return todo


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make or take away, database by database."""
    params, state, started = change.params, change.state, time.monotonic()
    act = {"published": _publish, "subscribed": _subscribe, "absent": _remove}[params.state]
    ours = dict(state.identities)
    for each in change.todo:
        with postgresql_wire.connect(params, each) as session:
            try:
                act(params, session, each, ours)
            except Refused as refused:
                raise Failed("%s: %s" % (each, refused.message)) from None
    if params.state == "absent":
        _set_back(params, ours)
    return {"measured": {"seconds": round(time.monotonic() - started, 4)}}


def _publish(params: Params, session: Session, database: str, ours: Dict[str, List[str]]) -> None:
    keyless = [row["t"] or "" for row in session.rows(KEYLESS)]
    if keyless:
        ours[database] = sorted(set(ours.get(database, [])) | set(keyless))
        write_private(params, _note(params), json.dumps(ours))
        session.answers("; ".join("ALTER TABLE %s REPLICA IDENTITY FULL" % each for each in keyless))
    if session.value("SELECT count(*) FROM pg_publication WHERE pubname = %s" % text(params.name)) == "0":
        session.answers("CREATE PUBLICATION %s FOR ALL TABLES" % name(params.name))
    slot = text(slot_of(params.name, database))
    if session.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s" % slot) == "0":
        session.answers("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')" % slot)


def _subscribe(params: Params, session: Session, database: str, _ours: Dict[str, List[str]]) -> None:
    parts = dict(host=params.host or "", port=str(params.source_port), user=params.user or "", dbname=database)
    parts["passfile"] = params.passfile or os.path.join(home(params), ".provisioner-%s.pgpass" % params.name)
    words = ["%s='%s'" % (key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in parts.items()]
    told = (name(params.name), text(" ".join([*words, ALIVE])), name(params.name), text(slot_of(params.name, database)))
    made = "CREATE SUBSCRIPTION %s CONNECTION %s PUBLICATION %s"
    session.answers((made + " WITH (create_slot = false, slot_name = %s, copy_data = false)") % told)


def _remove(params: Params, session: Session, database: str, _ours: Dict[str, List[str]]) -> None:
    asked = "SELECT count(*) FROM pg_subscription WHERE subname = %s AND subdbid = (SELECT oid FROM pg_database"
    asked += " WHERE datname = current_database())"
    it = name(params.name)
    if session.value(asked % text(params.name)) != "0":
        session.answers("ALTER SUBSCRIPTION %s DISABLE" % it)
        session.answers("ALTER SUBSCRIPTION %s SET (slot_name = NONE)" % it)
        session.answers("DROP SUBSCRIPTION %s" % it)
    session.answers("DROP PUBLICATION IF EXISTS %s" % it)
    _drop_slot(session, slot_of(params.name, database))


def _drop_slot(session: Session, slot: str) -> None:
    for _ in range(50):
        found = session.rows("SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s" % text(slot))
        if not found:
            return
        if found[0]["active_pid"]:
            session.answers("SELECT pg_terminate_backend(%d)" % int(found[0]["active_pid"]))
            time.sleep(0.1)
        try:
            session.answers("SELECT pg_drop_replication_slot(%s)" % text(slot))
        except Refused as refused:
            if "is active" not in refused.message:
                raise
    raise Failed("the slot %s is in use and cannot be dropped: remove the subscription that uses it" % slot)


def _set_back(params: Params, ours: Dict[str, List[str]]) -> None:
    """Give tables their replica identity back, as far as they still exist."""
    for database, tables in ours.items():
        with postgresql_wire.connect(params, database) as session:
            for each in tables:
                session.answers("ALTER TABLE IF EXISTS %s REPLICA IDENTITY DEFAULT" % each)
    if os.path.exists(_note(params)):
        os.unlink(_note(params))


EXAMPLES = """
- name: Keep what changes from now on
  postgresql_flow:
    name: shop_back
- name: Follow it
  postgresql_flow:
    name: shop_back
    state: subscribed
    host: 192.0.2.7
    user: shop_back
    passfile: /var/lib/postgresql/.provisioner-shop_back.pgpass
"""
