"""Let one other MariaDB server log in to follow this one: accounts, binary log, server number.

Settings go into a file of their own. Where the server has to be restarted for them, that is refused unless ``restart``
is on. Accounts are made on this server only: they are not in its binary log.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System, mysql, mysql_server, notes
from ..system.mysql import account, text

TRAITS = Traits(locks=("mysql",), reach="others")
RIGHTS = "SELECT, RELOAD, PROCESS, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER, REPLICATION SLAVE, REPLICATION CLIENT"


class Account(Parameters):
    """An account that may read and follow."""

    user: str = required("str", "Its name.")
    host: str = required("str", "Where it comes from.")
    hash: str = required("str", "The hash of its password, see mysql_passfile.", quiet=True)


class Params(mysql_server.ServerParameters):
    """Who may come, and what for."""

    name: str = required("str", "What it is for: names the file of settings.")
    state: str = optional("str", "Whether access is there.", "present", choices=("present", "absent"))
    accounts: List[Account] = optional("list", "Accounts that are made.", [], elements="dict", options=Account)
    remove_accounts: List[str] = optional("list", "Names of accounts that go, with absent.", [], elements="str")
    settings: Dict[str, Any] = optional("dict", "Variables of the server and their values.", {})
    restart: bool = optional("bool", "Whether the server may be restarted for settings.", False)


class State(NamedTuple):
    """What is there."""

    accounts: Dict[str, str]
    values: Dict[str, str]
    written: str


def inspect(params: Params, system: System) -> State:
    """Look at accounts and settings."""
    client = mysql.connect(system, params)
    found = mysql_server.ask(client, "SELECT user AS user, host AS host, authentication_string AS hash FROM mysql.user")
    accounts = {"%s@%s" % (row["user"], row["host"]): row["hash"] or "" for row in (found[0] if found else [])}
    values = mysql_server.variables(client, *params.settings) if params.settings else {}
    return State(accounts, values, notes.read(mysql_server.settings_path(params.name)))


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "absent":
        gone = [key for key in state.accounts if key.rpartition("@")[0] in params.remove_accounts]
        return Change(bool(gone), {"gone": gone})
    missing = [each for each in params.accounts if state.accounts.get("%s@%s" % (each.user, each.host)) != each.hash]
    differs = {key: value for key, value in params.settings.items() if not same(key, state.values[key], str(value))}
    if differs and not params.restart:
        told = ", ".join("%s = %s" % item for item in sorted(differs.items()))
        raise Failed("the server has to be restarted for %s: allow it with restart: true, or do it yourself" % told)
    todo = {"accounts": missing, "settings": differs}
    return Change(bool(missing or differs), todo, {"restarted": bool(differs)})


def same(key: str, now: str, wanted: str) -> bool:
    """Tell whether a variable is as wanted; who listens everywhere listens there, too."""
    if key == "bind_address" and now in ("*", "::", "0.0.0.0"):  # noqa: S104 - read, not bound
        return True
    return now.upper() == {"ON": "1", "OFF": "0"}.get(wanted.upper(), wanted.upper()) or now.upper() == wanted.upper()


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make it so."""
    params, todo = change.params, change.todo
    if params.state == "absent":
        client = mysql.connect(system, params)
        for key in todo["gone"]:
            user, _, host = key.rpartition("@")
            mysql_server.ask(client, "SET SESSION sql_log_bin = 0", "DROP USER IF EXISTS %s" % account(user, host))
        return None
    if todo["settings"]:
        path = mysql_server.settings_path(params.name)
        written = dict(params.settings)
        if "log_bin" in written:
            written["log_bin"] = "mysql-bin"
        notes.write(path, mysql_server.settings_text(written))
        mysql_server.restart(system, params)
    client = mysql.connect(system, params)
    for each in todo["accounts"]:
        who = account(each.user, each.host)
        made = "CREATE OR REPLACE USER %s IDENTIFIED BY PASSWORD %s" % (who, text(each.hash))
        mysql_server.ask(client, "SET SESSION sql_log_bin = 0", made, "GRANT %s ON *.* TO %s" % (RIGHTS, who))
    return None


EXAMPLES = """
- name: The new server may follow this one
  mysql_access:
    name: shop
    login_unix_socket: /run/mysqld/mysqld.sock
    accounts:
      - user: shop_copy
        host: 192.0.2.7
        hash: "{{ login.hash }}"
    settings:
      log_bin: "ON"
      server_id: 1
"""
