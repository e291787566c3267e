"""Accounts of MySQL and MariaDB: what they are, and the statements that make them what a task wants."""

import json
import re
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from ..change import Failed
from . import mysql, mysql_passwords, mysql_privileges
from .mysql import Client, Row
from .mysql_privileges import Levels

NATIVE_HASH = re.compile(r"^\*[0-9A-Fa-f]{40}$")
ONCE = ("on_create", "on_new_username")
LIMITS = {
    "MAX_QUERIES_PER_HOUR": "max_questions",
    "MAX_UPDATES_PER_HOUR": "max_updates",
    "MAX_CONNECTIONS_PER_HOUR": "max_connections",
    "MAX_USER_CONNECTIONS": "max_user_connections",
    "MAX_STATEMENT_TIME": "max_statement_time",
}


class Account(NamedTuple):
    """One account as the server has it."""

    plugin: str
    stored: str
    levels: Levels
    tls: Dict[str, Optional[str]]
    limits: Dict[str, str]
    locked: bool
    expires: str
    attributes: Dict[str, Any]


class Wish(NamedTuple):
    """What a task wants of one account, and of which server."""

    params: Any
    host: str
    mariadb: bool
    version: Tuple[int, ...]
    every: FrozenSet[str]


class Steps(NamedTuple):
    """The statements, what they do in words, whether a password is set, and both sides of a diff."""

    statements: List[str]
    said: List[str]
    password: bool
    before: str
    after: str


def find(client: Client, user: str) -> Dict[str, Account]:
    """Return the accounts of ``user`` by host."""
    rows = client.rows("SELECT * FROM mysql.user WHERE User = %s" % mysql.text(user))
    found = {}
    for row in rows[0] if rows else []:
        lower = {key.lower(): value or "" for key, value in row.items()}
        if lower.get("is_role", "N") != "Y":
            found[lower["host"]] = _account(client, user, lower)
    return found


def _account(client: Client, user: str, row: Dict[str, str]) -> Account:
    written = mysql.account(user, row["host"])
    grants = [value or "" for line in _first(client, "SHOW GRANTS FOR " + written) for value in line.values()]
    shown = _shown(client, written)
    stored = row.get("authentication_string") or row.get("password", "")
    attributes = json.loads(row.get("user_attributes") or "{}").get("metadata", {})
    return Account(
        row.get("plugin", ""),
        stored,
        mysql_privileges.granted(grants),
        _tls(row),
        {limit: row[column].split(".")[0] for limit, column in LIMITS.items() if column in row},
        row.get("account_locked") == "Y" or "ACCOUNT LOCK" in shown,
        _expires(shown, row),
        attributes,
    )


def _first(client: Client, statement: str) -> List[Row]:
    rows = client.rows(statement)
    return rows[0] if rows else []


def _shown(client: Client, written: str) -> str:
    """Return the statement that would make the account; empty where the server cannot show it."""
    try:
        return "".join(each or "" for line in _first(client, "SHOW CREATE USER " + written) for each in line.values())
    except mysql.Refused:
        return ""


def _expires(shown: str, row: Dict[str, str]) -> str:
    found = re.search(r"PASSWORD EXPIRE (NEVER|DEFAULT|INTERVAL (\d+) DAY)", shown)
    if row.get("password_expired") == "Y":
        return "now"
    if found is None:
        return "now" if "PASSWORD EXPIRE" in shown else "default"
    return found.group(2) or found.group(1).lower()


def _tls(row: Dict[str, str]) -> Dict[str, Optional[str]]:
    kind = row.get("ssl_type", "")
    if kind == "ANY":
        return {"SSL": None}
    if kind == "X509":
        return {"X509": None}
    named = {"CIPHER": "ssl_cipher", "ISSUER": "x509_issuer", "SUBJECT": "x509_subject"}
    return {key: row[column] for key, column in named.items() if kind == "SPECIFIED" and row.get(column)}


def static_privileges(client: Client) -> Tuple[str, ...]:
    """Return the privileges that ALL stands for on all databases; dynamic ones have an underscore in their names."""
    listed = {str(row["Privilege"]).upper() for row in _first(client, "SHOW PRIVILEGES")}
    return tuple(sorted({each for each in listed if "_" not in each} - {"GRANT OPTION", "PROXY", "USAGE"}))


def compare(wish: Wish, now: Optional[Account], others: Dict[str, Account]) -> Steps:
    """Return the steps from the account as it is (None: not there) to the one wanted."""
    written = mysql.account(wish.params.name, wish.host)
    steps = Steps([], [], False, "", "")
    if now is None:
        steps = _created(wish, written, others)
        now = Account("", "", {}, {}, {}, False, "default", {})
    elif wish.params.update_password not in ONCE and _has_another_login(wish.params, now):
        steps = Steps([_alter(wish, written)], ["Password updated (new style)"], True, "", "(another password)\n")
    else:
        steps = steps._replace(password=False)
    for more in (_tls_steps, _limit_steps, _privilege_steps, _other_steps):
        added = more(wish, written, now)
        steps = Steps(
            steps.statements + added.statements,
            steps.said + added.said,
            steps.password,
            steps.before + added.before,
            steps.after + added.after,
        )
    return steps


def _created(wish: Wish, written: str, others: Dict[str, Account]) -> Steps:
    params = wish.params
    login = _login(wish)
    known = {(each.plugin, each.stored) for each in others.values()}
    reused = params.update_password in ONCE[1:] and len(known) == 1
    if reused:
        plugin, stored = known.pop()
        login = " IDENTIFIED WITH %s AS %s" % (_word(plugin or "mysql_native_password"), mysql.text(stored))
    return Steps(
        ["CREATE USER %s%s" % (written, login)], ["User added"], bool(login) and not reused, "", written + "\n"
    )


def _word(plugin: str) -> str:
    return plugin if re.match(r"^\w+$", plugin) else mysql.name(plugin)


def _login(wish: Wish) -> str:
    """Return the clause that says how the account logs in; empty where nothing was asked for."""
    params = wish.params
    if params.plugin:
        clause = " IDENTIFIED WITH " + _word(params.plugin)
        if params.plugin_hash_string is not None:
            return "%s AS %s" % (clause, mysql.text(params.plugin_hash_string))
        if params.plugin_auth_string is not None:
            form = "%s AS PASSWORD(%s)" if wish.mariadb else "%s BY %s"
            return form % (clause, mysql.text(params.plugin_auth_string))
        return clause
    if params.password is None:
        return ""
    if not params.encrypted:
        return " IDENTIFIED BY " + mysql.text(params.password)
    if wish.mariadb or wish.version < (5, 7):
        return " IDENTIFIED BY PASSWORD " + mysql.text(params.password)
    return " IDENTIFIED WITH mysql_native_password AS " + mysql.text(params.password)


def _alter(wish: Wish, written: str) -> str:
    old = wish.version < ((10, 2) if wish.mariadb else (5, 7))
    if old and wish.params.password is not None:
        form = "SET PASSWORD FOR %s = %s" if wish.params.encrypted else "SET PASSWORD FOR %s = PASSWORD(%s)"
        return form % (written, mysql.text(wish.params.password))
    return "ALTER USER %s%s" % (written, _login(wish))


def _has_another_login(params: Any, now: Account) -> bool:
    if params.plugin:
        if params.plugin != now.plugin:
            return True
        if params.plugin_hash_string is not None:
            return bool(params.plugin_hash_string != now.stored)
        asked = params.plugin_auth_string
        return asked is not None and not mysql_passwords.matches(asked, now.plugin, now.stored)
    if params.password is None:
        return False
    if params.encrypted:
        return bool(params.password.upper() != now.stored.upper())
    return not mysql_passwords.matches(params.password, now.plugin, now.stored)


def _tls_steps(wish: Wish, written: str, now: Account) -> Steps:
    asked = {str(key).upper(): value for key, value in (wish.params.tls_requires or {}).items()}
    if "SSL" in asked or "X509" in asked:
        asked = {key: None for key in asked if key in ("SSL", "X509")}
    if asked == now.tls:
        return Steps([], [], False, "", "")
    parts = [key if value is None else "%s %s" % (key, mysql.text(str(value))) for key, value in sorted(asked.items())]
    statement = "ALTER USER %s REQUIRE %s" % (written, " AND ".join(parts) or "NONE")
    return Steps([statement], ["TLS requires updated"], False, "tls: %s\n" % now.tls, "tls: %s\n" % asked)


def _limit_steps(wish: Wish, written: str, now: Account) -> Steps:
    asked = {str(key).upper(): str(value) for key, value in (wish.params.resource_limits or {}).items()}
    unknown = sorted(set(asked) - set(LIMITS))
    if unknown:
        raise Failed("resource_limits has no %s; there are %s" % (", ".join(unknown), ", ".join(LIMITS)))
    other = {key: str(int(value)) for key, value in asked.items() if now.limits.get(key, "0") != str(int(value))}
    if not other:
        return Steps([], [], False, "", "")
    words = " ".join("%s %s" % each for each in sorted(other.items()))
    before = "".join("%s: %s\n" % (key, now.limits.get(key, "0")) for key in sorted(other))
    after = "".join("%s: %s\n" % each for each in sorted(other.items()))
    return Steps(["ALTER USER %s WITH %s" % (written, words)], ["Resource limits updated"], False, before, after)


def _privilege_steps(wish: Wish, written: str, now: Account) -> Steps:
    params = wish.params
    if params.priv is None:
        return Steps([], [], False, "", "")
    want = mysql_privileges.wanted(params.priv)
    have = mysql_privileges.complete(now.levels, set(wish.every))
    if params.subtract_privs:
        steps = mysql_privileges.subtract(have, want)
    elif params.append_privs:
        steps = mysql_privileges.append(have, want)
    else:
        steps = mysql_privileges.replace(have, want, keep_others=params.name == "root")
    found = mysql_privileges.statements(steps, written)
    if not found:
        return Steps([], [], False, "", "")
    said = "New privileges granted"
    if steps.revoke or set(steps.grant) <= set(have):
        given, taken = (
            sorted({each for level in levels.values() for each in level}) for levels in (steps.grant, steps.revoke)
        )
        said = "Privileges updated: granted %s, revoked %s" % (given, taken)
    before = mysql_privileges.shown(steps.revoke)
    return Steps(found, [said], False, before, mysql_privileges.shown(steps.grant))


def _other_steps(wish: Wish, written: str, now: Account) -> Steps:
    params = wish.params
    statements = []
    if params.locked is not None and params.locked != now.locked:
        statements.append("ALTER USER %s ACCOUNT %s" % (written, "LOCK" if params.locked else "UNLOCK"))
    if params.attributes is not None:
        changed = {key: value for key, value in params.attributes.items() if now.attributes.get(key) != value}
        if changed and wish.mariadb:
            raise Failed("user attributes were specified but the server does not support user attributes")
        if changed:
            statements.append("ALTER USER %s ATTRIBUTE %s" % (written, mysql.text(json.dumps(changed, sort_keys=True))))
    statements += _expiry(wish, written, now)
    said = "User updated"
    if params.locked is not None and params.locked != now.locked:
        said = "User locked" if params.locked else "User unlocked"
    return Steps(statements, [said] if statements else [], False, "", "")


def _expiry(wish: Wish, written: str, now: Account) -> List[str]:
    kind, days = wish.params.password_expire, wish.params.password_expire_interval
    wanted = {"interval": str(days)}.get(kind, kind)
    if kind is None or wanted == now.expires:
        return []
    clause = {"now": "", "interval": " INTERVAL %s DAY" % days}.get(kind, " " + kind.upper())
    return ["ALTER USER %s PASSWORD EXPIRE%s" % (written, clause)]
