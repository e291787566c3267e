"""Report what a MySQL or MariaDB server is and has: version, settings, databases, users, engines, replication."""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql

TRAITS = Traits(predictable="yes")
SUBSETS = (
    "version",
    "databases",
    "settings",
    "global_status",
    "users",
    "users_info",
    "engines",
    "master_status",
    "slave_status",
    "slave_hosts",
)
SYSTEM_SIZES = (
    "SELECT table_schema AS name, SUM(data_length + index_length) AS size, COUNT(*) AS tables "
    "FROM information_schema.tables GROUP BY table_schema"
)


class Params(mysql.LoginParameters):
    """What to report."""

    filter: List[str] = optional(
        "list", "Parts to report, or with ! before each, parts to leave out.", (), elements="str"
    )
    login_db: str = optional("str", "Accepted; every database is looked at.", None)
    exclude_fields: List[str] = optional(
        "list", "db_size leaves out the sizes.", (), elements="str", choices=("db_size",)
    )
    return_empty_dbs: bool = optional("bool", "Report databases without tables, too.", False)
    check_implicit_admin: bool = optional("bool", "Try to log in as root without a password first.", False)


class State(NamedTuple):
    """The parts asked for."""

    parts: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    wanted = _wanted(params.filter)
    client = mysql.connect(system, params, params.check_implicit_admin)
    mariadb, version, full = client.version()
    parts: Dict[str, Any] = {"server_engine": "MariaDB" if mariadb else "MySQL"}
    parts["connector_name"], parts["connector_version"] = client.connector()
    for part in wanted:
        if part == "version":
            parts[part] = _version(version, full)
        elif part == "databases":
            parts[part] = _databases(params, client)
        else:
            parts[part] = READERS[part](client)
    return State(parts)


def _wanted(filters: List[str]) -> List[str]:
    words = [each.strip().lower() for each in filters]
    unknown = sorted({each.lstrip("!") for each in words} - set(SUBSETS) - {"server_engine"})
    if unknown:
        raise Failed("filter: there is no %s; there are %s" % (", ".join(unknown), ", ".join(SUBSETS)))
    named = {each for each in words if not each.startswith("!")}
    left_out = {each[1:] for each in words if each.startswith("!")}
    return [each for each in SUBSETS if (not named or each in named) and each not in left_out]


def _version(version: Tuple[int, ...], full: str) -> Dict[str, Any]:
    suffix = full.partition("-")[2]
    numbers = [*version, 0, 0, 0]
    return {"full": full, "major": numbers[0], "minor": numbers[1], "release": numbers[2], "suffix": suffix}


def _asked(client: mysql.Client, statement: str) -> List[mysql.Row]:
    try:
        found = client.rows(statement)
    except mysql.Refused:
        return []  # a part that this server or this login has not
    return found[0] if found else []


def _databases(params: Params, client: mysql.Client) -> Dict[str, Any]:
    empty = _asked(client, "SHOW DATABASES") if params.return_empty_dbs else []
    found: Dict[str, Any] = {str(row["Database"]): {"size": 0, "tables": 0} for row in empty}
    for row in _asked(client, SYSTEM_SIZES):
        found[str(row["name"])] = {"size": _number(row["size"] or "0"), "tables": _number(row["tables"])}
    for sizes in found.values():
        if "db_size" in params.exclude_fields:
            del sizes["size"]
    return found


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.match(r"^-?\d+$", value) else value


def _pairs(statement: str) -> Callable[[mysql.Client], Dict[str, Any]]:
    def read(client: mysql.Client) -> Dict[str, Any]:
        return {str(row["Variable_name"]): _number(row["Value"]) for row in _asked(client, statement)}

    return read


def _users(client: mysql.Client) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for row in _asked(client, "SELECT * FROM mysql.user"):
        rest = {key: _number(value) for key, value in row.items() if key not in ("Host", "User")}
        found.setdefault(str(row["Host"]), {})[str(row["User"])] = rest
    return found


def _users_info(client: mysql.Client) -> List[Dict[str, Any]]:
    found = []
    for row in _asked(client, "SELECT * FROM mysql.user WHERE User <> ''"):
        user, host = str(row["User"]), str(row["Host"])
        grants = [
            str(each)
            for line in _asked(client, "SHOW GRANTS FOR " + mysql.account(user, host))
            for each in line.values()
        ]
        line: Dict[str, Any] = {"name": user, "host": host, "plugin": row.get("plugin")}
        line["plugin_hash_string"] = row.get("authentication_string")
        line["grants"] = grants
        found.append(line)
    return found


def _engines(client: mysql.Client) -> Dict[str, Any]:
    return {
        str(row["Engine"]): {k: v for k, v in row.items() if k != "Engine"} for row in _asked(client, "SHOW ENGINES")
    }


def _master(client: mysql.Client) -> Dict[str, Any]:
    return next(({k: _number(v) for k, v in row.items()} for row in _asked(client, "SHOW MASTER STATUS")), {})


def _slaves(client: mysql.Client) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for row in _asked(client, "SHOW SLAVE STATUS"):
        ports = found.setdefault(str(row.get("Master_Host")), {}).setdefault(str(row.get("Master_Port")), {})
        ports[str(row.get("Master_User"))] = {key: _number(value) for key, value in row.items()}
    return found


def _slave_hosts(client: mysql.Client) -> Dict[str, Any]:
    return {
        str(row["Server_id"]): {k: _number(v) for k, v in row.items()} for row in _asked(client, "SHOW SLAVE HOSTS")
    }


READERS: Dict[str, Callable[[mysql.Client], Any]] = {
    "settings": _pairs("SHOW GLOBAL VARIABLES"),
    "global_status": _pairs("SHOW GLOBAL STATUS"),
    "users": _users,
    "users_info": _users_info,
    "engines": _engines,
    "master_status": _master,
    "slave_status": _slaves,
    "slave_hosts": _slave_hosts,
}


def plan(params: Params, state: State) -> Change:
    """Report; nothing is changed."""
    return Change(False, result=dict(state.parts))


def apply(change: Change, system: System) -> None:
    """Do nothing: there is nothing to change."""


RETURNS = """
version: Version of the server, in parts.
server_engine: MySQL or MariaDB.
connector_name: What speaks with it, here a client program.
connector_version: The version of that.
settings: Global variables.
global_status: Global status.
databases: Databases with their sizes and counts of tables.
engines: Engines.
users: Accounts and global privileges.
users_info: Accounts as mysql_user takes them.
master_status: Place in the binary log, of a server that keeps one.
slave_status: How replication is doing, of a replica.
slave_hosts: Replicas, of a server that has some.
"""

EXAMPLES = """
- name: Which version
  mysql_info:
    filter: [version]
    login_unix_socket: /run/mysqld/mysqld.sock
  register: server
"""
