"""Grant roles of PostgreSQL privileges on objects, or take them away."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql, postgresql_acl
from ..system.postgresql import name, text
from ..system.postgresql_acl import Grantable

TRAITS = Traits(locks=("postgresql",))
TYPES = (
    "database",
    "default_privs",
    "foreign_data_wrapper",
    "foreign_server",
    "function",
    "group",
    "language",
    "parameter",
    "procedure",
    "schema",
    "sequence",
    "table",
    "tablespace",
    "type",
)


class Params(postgresql.LoginParameters):
    """Who may do what with which objects."""

    original = "community.postgresql.postgresql_privs"
    beyond = frozenset(["type=parameter"])
    login_password: str = optional("str", "The password.", "", no_log=True, aliases=("password",))
    login_db: str = required("str", "The database.", aliases=("db", "database"))
    state: str = optional("str", "Whether they may.", "present", choices=("absent", "present"))
    privs: Optional[str] = optional("str", "The privileges, with commas; ALL for every one.", aliases=("priv",))
    type: str = optional("str", "What the objects are.", "table", choices=TYPES)
    objs: Optional[str] = optional("str", "The objects, with commas; ALL_IN_SCHEMA or ALL_DEFAULT.", aliases=("obj",))
    schema: Optional[str] = optional("str", "The schema they lie in; public where not given.")
    roles: str = required("str", "The roles, with commas; PUBLIC for everybody.", aliases=("role",))
    target_roles: Optional[str] = optional("str", "For default_privs: whose new objects.")
    grant_option: Optional[bool] = optional("bool", "Whether they may grant it further.", aliases=("admin_option",))
    fail_on_role: bool = optional("bool", "Fail where a role does not exist, instead of leaving it out.", True)


class State(NamedTuple):
    """The objects with what is granted on them, the roles that there are, and their groups."""

    objects: Tuple[Grantable, ...]
    roles: Tuple[str, ...]
    members: Dict[Tuple[str, str], bool]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    try:
        roles = _roles(params, client)
        if params.type == "group":
            return State((), roles, _members(client))
        return State(tuple(_objects(params, client)), roles, {})
    except postgresql.Refused as refused:
        raise Failed("cannot look at the privileges: %s" % refused.message) from None


def _listed(value: Optional[str]) -> List[str]:
    """Split at commas that are in no parentheses."""
    found, depth, word = [], 0, ""
    for letter in value or "":
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(word.strip())
            word = ""
        else:
            word += letter
    return [each for each in [*found, word.strip()] if each]


def _roles(params: Params, client: postgresql.Client) -> Tuple[str, ...]:
    found = []
    for role in _listed(params.roles):
        if role.upper() == "PUBLIC":
            found.append("PUBLIC")
            continue
        special = role.upper() if role.upper() in ("CURRENT_USER", "SESSION_USER") else text(role)
        rows = client.rows("SELECT rolname FROM pg_roles WHERE rolname = %s" % special)
        if rows:
            found.append(str(rows[0]["rolname"]))
        elif params.fail_on_role:
            raise Failed("Role '%s' does not exist" % role)
    return tuple(found)


def _members(client: postgresql.Client) -> Dict[Tuple[str, str], bool]:
    rows = client.rows(
        "SELECT g.rolname AS the_group, m.rolname AS member, a.admin_option AS option FROM pg_auth_members a "
        "JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member"
    )
    return {(str(row["the_group"]), str(row["member"])): row["option"] == "t" for row in rows}


def _objects(params: Params, client: postgresql.Client) -> List[Grantable]:
    names = _listed(params.objs)
    if params.type == "default_privs":
        kinds = list(postgresql_acl.DEFAULTS)[:4] if names == ["ALL_DEFAULT"] else names
        owners: List[Any] = list(_listed(params.target_roles)) or [None]
        schema = None if params.schema in (None, "not-specified") else params.schema
        return [postgresql_acl.defaults(client, owner, kind, schema) for owner in owners for kind in kinds]
    if not names and params.type == "database":
        names = [params.login_db]
    if not names:
        raise Failed("objs: which objects of type %s?" % params.type)
    return postgresql_acl.objects(client, params.type, names, params.schema or "public")


def plan(params: Params, state: State) -> Change:
    """Compare object by object, role by role."""
    todo = _groups(params, state) if params.type == "group" else []
    if params.type != "group":
        asked = [each.upper() for each in _listed(params.privs)]
        if not asked:
            raise Failed("privs: which privileges?")
        for each in state.objects:
            for role in state.roles:
                todo += _steps(params, each, role, asked)
    if not todo:
        return Change(False, result={"queries": []})
    return Change(True, todo, {"queries": todo}, {"before": "", "after": "".join(each + "\n" for each in todo)})


def _steps(params: Params, each: Grantable, role: str, asked: List[str]) -> List[str]:
    wanted = _wanted(params, each, asked)
    held = each.held.get(role, {})
    if params.state == "absent":
        gone = [privilege for privilege in wanted if privilege in held]
        return [postgresql_acl.statement("REVOKE", gone, each, role, "")] if gone else []
    found = []
    new = [p for p in wanted if p not in held or (params.grant_option and not held[p])]
    if new:
        option = " WITH GRANT OPTION" if params.grant_option else ""
        found.append(postgresql_acl.statement("GRANT", new, each, role, option))
    kept = [p for p in wanted if params.grant_option is False and held.get(p)]
    if kept:
        found.append(postgresql_acl.statement("REVOKE", kept, each, role, "GRANT OPTION FOR "))
    return found


def _wanted(params: Params, each: Grantable, asked: List[str]) -> List[str]:
    if {"ALL", "ALL PRIVILEGES"} & set(asked):
        return list(each.every)
    unknown = sorted(set(asked) - set(each.every)) if each.every else []
    if unknown:
        raise Failed("Invalid privs specified: %s; for type %s there are %s" % (unknown, params.type, list(each.every)))
    return asked


def _groups(params: Params, state: State) -> List[str]:
    found = []
    for group in _listed(params.objs):
        for role in state.roles:
            now = state.members.get((group, role))
            if params.state == "absent":
                found += ["REVOKE %s FROM %s" % (name(group), name(role))] if now is not None else []
            elif now is None or (params.grant_option and not now):
                option = " WITH ADMIN OPTION" if params.grant_option else ""
                found.append("GRANT %s TO %s%s" % (name(group), name(role), option))
            elif params.grant_option is False and now:
                found.append("REVOKE ADMIN OPTION FOR %s FROM %s" % (name(group), name(role)))
    return found


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements in one transaction."""
    params = change.params
    try:
        postgresql.connect(system, params, params.login_db).answers(["BEGIN", *change.todo, "COMMIT"])
    except postgresql.Refused as refused:
        raise Failed("the server refused it: %s" % refused.message) from None
    return None


RETURNS = """
queries: The statements that were run.
"""

EXAMPLES = """
- name: Readers may read
  postgresql_privs:
    db: shop
    privs: SELECT
    type: table
    objs: ALL_IN_SCHEMA
    roles: readers
  become: true
  become_user: postgres
"""
