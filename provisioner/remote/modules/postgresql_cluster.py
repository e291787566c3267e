"""Tell what a PostgreSQL server of this host is, and what stands in the way of moving it to or from another.

Reads only. ``peer`` is what the same module said of the other server: what does not fit is told in ``obstacles``, and
fails the task where ``strict`` is on.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, postgresql_wire
from ..system.postgresql_cluster import free_bytes, is_frozen, of_session

TRAITS = Traits()
SETTINGS = (
    "wal_level", "listen_addresses", "max_wal_senders", "max_replication_slots", "max_connections", "block_size",
    "max_worker_processes", "max_prepared_transactions", "max_locks_per_transaction", "server_encoding",
    "wal_segment_size", "data_checksums", "archive_mode", "shared_preload_libraries", "synchronous_standby_names",
)  # fmt: skip
DATABASES = """SELECT datname AS name, pg_database_size(oid)::text AS bytes, datcollate AS collate FROM pg_database
WHERE datallowconn AND NOT datistemplate ORDER BY datname"""
OVERRIDES = """SELECT coalesce(d.datname, '*') || '/' || coalesce(r.rolname, '*') AS who FROM pg_db_role_setting s
LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE array_to_string(setconfig, ',') ~ 'default_transaction_read_only=(off|false|no|0)' ORDER BY 1"""
KEYLESS = """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.relreplident = 'd' AND n.nspname !~ '^pg_|^information_schema$'
AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"""
LARGE, UNLOGGED = (
    "SELECT count(*) FROM pg_largeobject_metadata",
    "SELECT count(*) FROM pg_class WHERE relpersistence='u'",
)


class Params(postgresql_wire.LocalParameters):
    """Which server, and what it is compared with."""

    peer: Optional[Dict[str, Any]] = optional("dict", "What this module said of the other server.")
    copies: str = optional("str", "How data is to come here.", "streaming", choices=("streaming", "dump"))
    strict: bool = optional("bool", "Whether obstacles fail the task.", True)


class State(NamedTuple):
    """What the server says of itself."""

    about: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    with postgresql_wire.connect(params) as session:
        about: Dict[str, Any] = {"settings": {}}
        for name in SETTINGS:
            about["settings"][name] = session.value("SELECT current_setting('%s', true)" % name)
        about["version"] = int(session.value("SHOW server_version_num"))
        about["in_recovery"] = session.value("SELECT pg_is_in_recovery()") == "t"
        about["system_identifier"] = session.value("SELECT system_identifier FROM pg_control_system()")
        about["prepared_transactions"] = int(session.value("SELECT count(*) FROM pg_prepared_xacts"))
        about["tablespaces"] = int(session.value("SELECT count(*) FROM pg_tablespace WHERE spcname !~ '^pg_'"))
        about["read_only_overrides"] = [row["who"] for row in session.rows(OVERRIDES)]
        rows = session.rows(DATABASES)
        cluster, about["is_frozen"] = of_session(session), is_frozen(session)
    about["databases"] = [{"name": row["name"], "bytes": int(row["bytes"] or 0)} for row in rows]
    about["collations"] = sorted({row["collate"] or "" for row in rows})
    about["bytes"] = sum(each["bytes"] for each in about["databases"])
    about.update(cluster._asdict(), free_bytes=free_bytes(cluster.data), libc=_libc(system))
    about.update(_not_flowing_back(params, about["databases"]))
    return State(about)


def _libc(system: System) -> str:
    """Return the C library's version: it decides how text is sorted, and so whether copied indexes are right."""
    done = system.commands.run(["getconf", "GNU_LIBC_VERSION"])
    return done.out.strip() if done.rc == 0 else ""


def _not_flowing_back(params: Params, databases: List[Dict[str, Any]]) -> Dict[str, int]:
    found = {"tables_without_key": 0, "large_objects": 0, "unlogged_tables": 0}
    for each in databases:
        with postgresql_wire.connect(params, each["name"]) as session:
            for name, question in zip(sorted(found), (LARGE, KEYLESS, UNLOGGED)):
                found[name] += int(session.value(question))
    return found


def plan(params: Params, state: State) -> Change:
    """Compare with the other server."""
    about = state.about
    obstacles = obstacles_of(about, params.peer, params.copies) if params.peer else []
    if obstacles and params.strict:
        raise Failed("; ".join(obstacles), obstacles=obstacles, about=about)
    warnings = warnings_of(about, params.peer) if params.peer else []
    return Change(
        False, result={"about": about, "obstacles": obstacles, **({"warnings": warnings} if warnings else {})}
    )


def obstacles_of(new: Dict[str, Any], old: Dict[str, Any], copies: str) -> List[str]:
    """Return why the server ``old`` cannot be copied to where ``new`` is."""
    found = []
    majors = (old["version"] // 10000, new["version"] // 10000)
    if copies == "streaming" and majors[0] != majors[1]:
        found.append(
            "streaming copies a server of the same major version: old has %d, new has %d; use method: dump" % majors
        )
    if copies == "dump" and majors[0] > majors[1]:
        found.append("old has version %d, new only %d" % majors)
    for name in ("block_size", "wal_segment_size") if copies == "streaming" else ():
        if old["settings"][name] != new["settings"][name]:
            told = (name, old["settings"][name], new["settings"][name])
            found.append("%s differs: %s on old, %s on new" % told)
    if old["tablespaces"] and copies == "streaming":
        found.append("old has %d tablespaces of its own, which are not copied" % old["tablespaces"])
    if old["prepared_transactions"]:
        found.append("old has %d prepared transactions: finish them" % old["prepared_transactions"])
    if old["read_only_overrides"]:
        listed = ", ".join(old["read_only_overrides"])
        found.append(
            "the freeze would not hold for %s (database/role): default_transaction_read_only is off there" % listed
        )
    need = old["bytes"] * 11 // 10 + (64 << 20)
    if new["free_bytes"] < need and new["system_identifier"] != old["system_identifier"]:
        told2 = (new["data"], new["free_bytes"] >> 20, need >> 20)
        found.append("there is not enough room in %s: %d MiB free, %d MiB needed" % told2)
    return found


def warnings_of(new: Dict[str, Any], old: Dict[str, Any]) -> List[str]:
    """Return what does not stop a move, and should be known."""
    found = []
    if old["libc"] != new["libc"]:
        told = (old["libc"] or "unknown", new["libc"] or "unknown")
        found.append("the C library sorts text by other rules, perhaps (%s, %s): indexes on text need REINDEX" % told)
    if old["settings"]["archive_mode"] != "off":
        found.append("old archives its WAL: see that new does not write to the same place")
    for name, words in (("large_objects", "large objects"), ("unlogged_tables", "unlogged tables")):
        if old[name]:
            found.append("%d %s are moved, but do not flow back to old after the switch" % (old[name], words))
    return found


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing: it only reads."""
    return None


EXAMPLES = """
- name: What this server is
  postgresql_cluster:
  register: cluster
"""
