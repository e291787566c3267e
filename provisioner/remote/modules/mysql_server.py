"""Tell what a MariaDB server of this host is, and what stands in the way of moving it to or from another.

Reads only. ``peer`` is what the same module said of the other server: what does not fit fails the task.
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql, mysql_server

TRAITS = Traits()
VARIABLES = (
    "version", "server_id", "log_bin", "log_slave_updates", "bind_address", "datadir", "read_only", "event_scheduler",
    "gtid_binlog_pos", "gtid_slave_pos", "binlog_format", "lower_case_table_names",
)  # fmt: skip
SIZES = """SELECT table_schema AS name, SUM(data_length + index_length) AS bytes,
SUM(engine NOT IN ('InnoDB') AND table_type = 'BASE TABLE') AS others FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') GROUP BY table_schema"""
MIGHTY = """SELECT CONCAT(grantee) AS who FROM information_schema.user_privileges
WHERE privilege_type IN ('SUPER', 'READ_ONLY ADMIN')
AND grantee NOT REGEXP "^'(root|mysql|mariadb.sys|debian-sys-maint)'@"
GROUP BY grantee"""


class Params(mysql_server.ServerParameters):
    """Which server, and what it is compared with."""

    peer: Optional[Dict[str, Any]] = optional("dict", "What this module said of the other server.")


class State(NamedTuple):
    """What the server says of itself."""

    about: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = mysql.connect(system, params)
    about: Dict[str, Any] = dict(mysql_server.variables(client, *VARIABLES))
    sizes, mighty = mysql_server.ask(client, SIZES), mysql_server.ask(client, MIGHTY)
    rows = sizes[0] if sizes else []
    about["databases"] = [{"name": row["name"], "bytes": int(float(row["bytes"] or 0))} for row in rows]
    about["bytes"] = sum(each["bytes"] for each in about["databases"])
    about["not_innodb"] = sum(int(row["others"] or 0) for row in rows)
    about["not_held_by_read_only"] = [row["who"] for row in (mighty[0] if mighty else [])]
    found = os.statvfs(about["datadir"])
    about["free_bytes"] = found.f_bavail * found.f_frsize
    about["follows"] = mysql_server.replica_status(client).get("Master_Host", "")
    return State(about)


def plan(params: Params, state: State) -> Change:
    """Compare with the other server."""
    result: Dict[str, Any] = {"about": state.about, "obstacles": []}
    if params.peer:
        result["obstacles"] = obstacles_of(state.about, params.peer)
        if result["obstacles"]:
            raise Failed("; ".join(result["obstacles"]), **result)
        warnings = warnings_of(params.peer)
        result.update({"warnings": warnings} if warnings else {})
    return Change(False, result=result)


def obstacles_of(new: Dict[str, Any], old: Dict[str, Any]) -> List[str]:
    """Return why the server ``old`` cannot be moved to where ``new`` is."""
    found = []
    if "mariadb" not in old["version"].lower() or "mariadb" not in new["version"].lower():
        found.append("both servers have to be MariaDB: old is %s, new is %s" % (old["version"], new["version"]))
    if _major(new["version"]) < _major(old["version"]):
        found.append("new (%s) is older than old (%s)" % (new["version"], old["version"]))
    if new["lower_case_table_names"] != old["lower_case_table_names"]:
        found.append("lower_case_table_names differs")
    if old["not_held_by_read_only"]:
        listed = ", ".join(old["not_held_by_read_only"])
        found.append("the freeze does not hold for accounts with SUPER or READ_ONLY ADMIN: %s" % listed)
    need = old["bytes"] * 5 // 2 + (256 << 20)
    if new["free_bytes"] < need and not new["follows"] and new["bytes"] < old["bytes"] // 2:
        told = (new["datadir"], new["free_bytes"] >> 20, need >> 20)
        found.append("there is not enough room in %s: %d MiB free, %d MiB needed" % told)
    return found


def warnings_of(old: Dict[str, Any]) -> List[str]:
    """Return what does not stop a move, and should be known."""
    found = []
    if old["not_innodb"]:
        found.append(
            "%d tables are not InnoDB: what is written to them during the first copy may be missed" % old["not_innodb"]
        )
    if old["event_scheduler"] == "ON":
        found.append("events run on old: switch the scheduler on at new after the move")
    return found


def _major(version: str) -> List[int]:
    return [int(each) for each in version.split("-", maxsplit=1)[0].split(".")[:2]]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing: it only reads."""
    return None


EXAMPLES = """
- name: What this server is
  mysql_server:
    login_unix_socket: /run/mysqld/mysqld.sock
  register: server
"""
