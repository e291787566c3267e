"""Add roles to a PostgreSQL server, change their password, attributes and settings, or remove them.

psql does the work; no driver is needed on the host.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql, postgresql_acl
from ..system.postgresql import name, text
from ..system.postgresql_acl import Grantable
from ..system.postgresql_passwords import matches

TRAITS = Traits(locks=("postgresql",))
FLAGS = {
    "SUPERUSER": "rolsuper",
    "CREATEROLE": "rolcreaterole",
    "CREATEDB": "rolcreatedb",
    "INHERIT": "rolinherit",
    "LOGIN": "rolcanlogin",
    "REPLICATION": "rolreplication",
    "BYPASSRLS": "rolbypassrls",
}


class Params(postgresql.LoginParameters):
    """The role."""

    name: str = required("str", "Its name.", aliases=("user",))
    password: Optional[str] = optional("str", "The password, or its hash as the server keeps it.", no_log=True)
    login_db: str = optional("str", "The database to connect to.", "", aliases=("db",))
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    fail_on_user: bool = optional("bool", "Fail where it cannot be removed.", True, aliases=("fail_on_role",))
    role_attr_flags: str = optional("str", "Attributes, such as CREATEDB,NOSUPERUSER.", "")
    encrypted: bool = optional("bool", "Accepted; the server keeps hashes only.", True)
    no_password_changes: bool = optional("bool", "Leave the password of a role that is there.", False)
    expires: Optional[str] = optional("str", "Until when the password is valid; infinity for ever.")
    conn_limit: Optional[int] = optional("int", "How many connections it may have; -1 for no limit.")
    priv: Optional[str] = optional(
        "str", "Privileges to grant: CONNECT/table:SELECT,INSERT; the module postgresql_privs can do more."
    )
    comment: Optional[str] = optional("str", "The comment on it.")
    configuration: Optional[Dict[str, Any]] = optional("dict", "Settings of its sessions.")
    reset_unspecified_configuration: bool = optional("bool", "Reset settings that are not given.", False)
    quote_configuration_values: bool = optional("bool", "Whether values of configuration are quoted.", True)


class State(NamedTuple):
    """The role as it is; ``row`` is None where there is none, its password unknown to those who may not see it."""

    row: Optional[Dict[str, Optional[str]]]
    settings: Dict[str, str]
    grants: Tuple[Tuple[Tuple[str, ...], Grantable], ...]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    columns = ["r.%s" % column for column in FLAGS.values()] + ["r.rolconnlimit"]
    columns.append("shobj_description(r.oid, 'pg_authid') AS comment")
    if params.expires is not None:
        columns.append("coalesce(r.rolvaliduntil = %s::timestamptz, false) AS same_time" % text(params.expires))
    query = "SELECT %s FROM pg_roles r WHERE r.rolname = %s" % (", ".join(columns), text(params.name))
    try:
        rows = client.rows(query)
        lines = client.rows("SELECT unnest(rolconfig) AS line FROM pg_roles WHERE rolname = " + text(params.name))
    except postgresql.Refused as refused:
        raise Failed("cannot look at role %s: %s" % (params.name, refused.message)) from None
    row = rows[0] if rows else None
    if row is not None and params.password is not None:
        row["password"] = _stored(client, params.name)
    settings = dict((line["line"] or "").split("=", 1) for line in lines)
    return State(row, settings, tuple(_objects(params, client)))


def _objects(params: Params, client: postgresql.Client) -> Iterator[Tuple[Tuple[str, ...], Grantable]]:
    """Yield the privileges asked for with what they are on: the database, or a table where one is named."""
    if params.state == "absent":
        return
    for part in (params.priv or "").split("/"):
        table, colon, listed = part.strip().rpartition(":")
        privileges = tuple(each.strip().upper() for each in listed.split(",") if each.strip())
        kind, target = ("table", table) if colon else ("database", params.login_db or "postgres")
        for each in postgresql_acl.objects(client, kind, [target], "public") if privileges else []:
            yield (each.every if "ALL" in privileges else privileges), each


def _stored(client: postgresql.Client, role: str) -> Optional[str]:
    """Return what is kept of the password; None for who may not look."""
    try:
        return client.rows("SELECT rolpassword AS p FROM pg_authid WHERE rolname = " + text(role))[0]["p"] or ""
    except postgresql.Refused:
        return None


def plan(params: Params, state: State) -> Change:
    """Compare; queries in the result show no password."""
    if params.state == "absent":
        todo = [] if state.row is None else ["DROP USER " + name(params.name)]
        result = {"user": params.name, "queries": todo, "user_removed": bool(todo)}
        if not todo:
            del result["user_removed"]
        diff = {"before": params.name + "\n", "after": ""}
        settles = params.fail_on_user
        return Change(True, todo, result, diff, settles) if todo else Change(False, result=result)
    if state.row is None:
        words = _words(params, {})
        head = "CREATE USER %s" % name(params.name)
    else:
        words = _words(params, state.row)
        head = "ALTER USER %s" % name(params.name)
    pairs = [_joined(head, words)] if words or state.row is None else []
    pairs += [(each, each) for each in _more(params, state)]
    result = {"user": params.name, "queries": [shown for shown, _ in pairs]}
    if not pairs:
        return Change(False, result=result)
    diff = {
        "before": "" if state.row is None else "%s\n" % params.name,
        "after": "".join(shown + "\n" for shown, _ in pairs),
    }
    is_visible = state.row is None or params.password is None or state.row.get("password") is not None
    return Change(True, [query for _, query in pairs], result, diff, settles=is_visible)


def _joined(head: str, words: List[Any]) -> Any:
    if not words:
        return head, head
    return tuple("%s WITH %s" % (head, " ".join(word[side] for word in words)) for side in (0, 1))


def _words(params: Params, row: Dict[str, Optional[str]]) -> List[Any]:
    """Return the options to set, each as (shown, written)."""
    found: List[Any] = []
    if params.password is not None and not (row and params.no_password_changes):
        stored = row.get("password") if row else None
        if stored is None or not matches(params.password, params.name, stored):
            found.append(_password(params.password))
    if params.expires is not None and row.get("same_time") != "t":
        found.append(("VALID UNTIL " + text(params.expires),) * 2)
    if params.conn_limit is not None and row.get("rolconnlimit") != str(params.conn_limit):
        found.append(("CONNECTION LIMIT %d" % params.conn_limit,) * 2)
    return found + [(flag, flag) for flag in _flags(params, row)]


def _flags(params: Params, row: Dict[str, Optional[str]]) -> List[str]:
    found = []
    for flag in (word.strip().upper() for word in params.role_attr_flags.split(",") if word.strip()):
        column = FLAGS.get(flag[2:] if flag.startswith("NO") else flag)
        if column is None:
            raise Failed("Invalid role_attr_flags specified: %s" % flag)
        if row.get(column) != ("f" if flag.startswith("NO") else "t"):
            found.append(flag)
    return found


def _password(password: str) -> Any:
    if password == "":
        return "PASSWORD NULL", "PASSWORD NULL"
    word = "ENCRYPTED PASSWORD "
    return word + "'********'", word + text(password)


def _more(params: Params, state: State) -> List[str]:
    found = []
    role = name(params.name)
    if params.comment is not None and (state.row or {}).get("comment") != (params.comment or None):
        found.append("COMMENT ON ROLE %s IS %s" % (role, text(params.comment)))
    asked = {str(key).lower(): _setting(value) for key, value in (params.configuration or {}).items()}
    known = {key.lower(): value for key, value in state.settings.items()}
    for key, value in sorted(asked.items()):
        if known.get(key) != value:
            written = text(value) if params.quote_configuration_values else value
            found.append("ALTER USER %s SET %s = %s" % (role, postgresql.names(key), written))
    found += _granted(params, state)
    if params.reset_unspecified_configuration and params.configuration is not None:
        for key in sorted(set(known) - set(asked)):
            found.append("ALTER USER %s RESET %s" % (role, postgresql.names(key)))
    return found


def _granted(params: Params, state: State) -> List[str]:
    found = []
    for privileges, each in state.grants:
        new = [privilege for privilege in privileges if privilege not in each.held.get(params.name, {})]
        found += [postgresql_acl.statement("GRANT", new, each, params.name, "")] if new else []
    return found


def _setting(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements; a role that others depend on may be left where that is allowed."""
    params = change.params
    client = postgresql.connect(system, params, params.login_db)
    try:
        client.answers(["BEGIN", *change.todo, "COMMIT"])
    except postgresql.Refused as refused:
        if params.state == "absent" and not params.fail_on_user:
            return {"changed": False, "user_removed": False, "msg": refused.message, "queries": []}
        raise Failed("the server refused a change of role %s: %s" % (params.name, refused.message)) from None
    return None


RETURNS = """
user: The role.
user_removed: Whether it was removed.
queries: The statements that were run.
"""

EXAMPLES = """
- name: The shop's role
  postgresql_user:
    name: shop
    password: "{{ shop_password }}"
    role_attr_flags: CREATEDB,NOSUPERUSER
  become: true
  become_user: postgres
"""
