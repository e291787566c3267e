"""Add accounts to a MySQL or MariaDB server, change their password and privileges, or remove them.

The server's own client program does the work; no driver is needed on the host.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import mutually_exclusive, optional, required, required_if
from ..system import System, mysql, mysql_accounts
from ..system.mysql_accounts import Account

TRAITS = Traits(locks=("mysql",))


class Params(mysql.LoginParameters):
    """The account and what it may."""

    name: str = required("str", "The user.", aliases=("user",))
    password: Optional[str] = optional("str", "The password.", no_log=True)
    encrypted: bool = optional("bool", "Whether password is the hash that mysql_native_password keeps.", False)
    host: str = optional("str", "The host the account is for; % stands for any.", "localhost")
    host_all: bool = optional("bool", "Whether to work on every account of this user.", False)
    state: str = optional("str", "Whether the account is there.", "present", choices=("absent", "present"))
    priv: Any = optional("raw", "Privileges: 'db.table:SELECT,INSERT/other.*:ALL', or a dictionary of the same.")
    append_privs: bool = optional("bool", "Give these privileges beside those that are there.", False)
    subtract_privs: bool = optional("bool", "Take these privileges away.", False)
    tls_requires: Optional[Dict[str, Any]] = optional(
        "dict", "What its connections need: SSL, X509, or a dictionary of subject, issuer, cipher.", aliases=("tls",)
    )
    sql_log_bin: bool = optional("bool", "Whether the statements go into the binary log.", True)
    update_password: str = optional(
        "str",
        "Whether to set the password of an account that is there; on_new_username takes over another account's.",
        "always",
        choices=("always", "on_create", "on_new_username"),
    )
    check_implicit_admin: bool = optional("bool", "Try to log in as root without a password first.", False)
    plugin: Optional[str] = optional("str", "The plugin that decides who may log in.")
    plugin_hash_string: Optional[str] = optional("str", "What the plugin keeps, as it keeps it.", no_log=True)
    plugin_auth_string: Optional[str] = optional("str", "The password in clear, for the plugin to hash.", no_log=True)
    resource_limits: Optional[Dict[str, Any]] = optional("dict", "MAX_QUERIES_PER_HOUR, MAX_USER_CONNECTIONS, ...")
    session_vars: Optional[Dict[str, Any]] = optional("dict", "Variables of the session the statements run in.")
    attributes: Optional[Dict[str, Any]] = optional("dict", "Attributes of the account (MySQL from 8.0 on).")
    locked: Optional[bool] = optional("bool", "Whether the account is locked.")
    password_expire: Optional[str] = optional(
        "str", "When the password expires.", choices=("now", "never", "default", "interval")
    )
    password_expire_interval: Optional[int] = optional("int", "After how many days, for interval.")
    salt: Optional[str] = optional("str", "Accepted; the server chooses the salt.", no_log=True)
    column_case_sensitive: Optional[bool] = optional("bool", "Accepted; names of columns are kept as they are.")
    force_context: bool = optional("bool", "Accepted; statements run in no database.", False)
    rules = (
        required_if("password_expire", "interval", "password_expire_interval"),
        mutually_exclusive("append_privs", "subtract_privs"),
        mutually_exclusive("plugin_hash_string", "plugin_auth_string"),
        mutually_exclusive("password", "plugin"),
    )


class State(NamedTuple):
    """The server, and the accounts of this name by host."""

    mariadb: bool
    version: Tuple[int, ...]
    accounts: Dict[str, Account]
    every: Tuple[str, ...]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = mysql.connect(system, params, params.check_implicit_admin)
    mariadb, version, _ = client.version()
    try:
        accounts = mysql_accounts.find(client, params.name)
        every = () if mariadb or version < (8,) else mysql_accounts.static_privileges(client)
    except mysql.Refused as refused:
        raise Failed("cannot look at the accounts of %s: %s" % (params.name, refused.message)) from None
    return State(mariadb, version, accounts, every)


def plan(params: Params, state: State) -> Change:
    """Compare each account; the statements hold passwords, so neither result nor diff shows them."""
    _check(params)
    hosts = sorted(state.accounts) if params.host_all else [params.host]
    if params.host_all and not hosts and params.state == "present":
        raise Failed("host_all: there is no account of user %s" % params.name)
    present = {host: state.accounts[host] for host in hosts if host in state.accounts}
    if params.state == "absent":
        return _absent(params, present)
    found: List[str] = []
    said: List[str] = []
    secret = False
    before, after = "", ""
    for host in hosts:
        wish = mysql_accounts.Wish(params, host, state.mariadb, state.version, frozenset(state.every))
        steps = mysql_accounts.compare(wish, present.get(host), state.accounts)
        found += steps.statements
        said = said or steps.said
        secret = secret or steps.password
        before, after = before + steps.before, after + steps.after
    attributes = params.attributes or (present[hosts[-1]].attributes if hosts[-1] in present else None)
    result = {"user": params.name, "msg": "User unchanged", "password_changed": secret, "attributes": attributes}
    if not found:
        return Change(False, result=result)
    result["msg"] = said[0]
    return Change(True, found, result, {"before": before, "after": after}, settles=_can_be_seen(params))


def _can_be_seen(params: Params) -> bool:
    return params.plugin_auth_string is None


def _check(params: Params) -> None:
    if params.encrypted and params.password and not mysql_accounts.NATIVE_HASH.match(params.password):
        raise Failed("encrypted: password is not a hash of mysql_native_password ('*' and 40 hexadecimal digits)")


def _absent(params: Params, present: Dict[str, Account]) -> Change:
    result = {"user": params.name, "msg": "User doesn't exist", "password_changed": False, "attributes": None}
    if not present:
        return Change(False, result=result)
    todo = ["DROP USER %s" % mysql.account(params.name, host) for host in sorted(present)]
    result["msg"] = "User deleted"
    before = "".join("%s@%s\n" % (params.name, host) for host in sorted(present))
    return Change(True, todo, result, {"before": before, "after": ""})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements in one session."""
    params = change.params
    client = mysql.connect(system, params, params.check_implicit_admin)
    first = [] if params.sql_log_bin else ["SET SESSION sql_log_bin = 0"]
    for key, value in sorted((params.session_vars or {}).items()):
        written = str(value) if isinstance(value, (int, float)) else mysql.text(str(value))
        first.append("SET SESSION %s = %s" % (mysql.name(key), written))
    try:
        client.rows(*first, *change.todo)
    except mysql.Refused as refused:
        told = "the server refused a change of %s: %s" % (params.name, refused.message)
        raise Failed(told, changed=len(change.todo) > 1) from None
    return None


RETURNS = """
user: The account.
password_changed: Whether the password is another one now.
attributes: The attributes of the account, where some were given.
"""

EXAMPLES = """
- name: The shop's account
  mysql_user:
    name: shop
    host: 192.0.2.%
    password: "{{ shop_password }}"
    priv: shop.*:ALL/statistics.visits:SELECT
    login_unix_socket: /run/mysqld/mysqld.sock
- name: No account without a name
  mysql_user:
    name: ""
    host_all: true
    state: absent
    login_unix_socket: /run/mysqld/mysqld.sock
- name: One more privilege
  mysql_user:
    name: backup
    priv:
      "*.*": [SELECT, "LOCK TABLES"]
    append_privs: true
    login_unix_socket: /run/mysqld/mysqld.sock
"""
