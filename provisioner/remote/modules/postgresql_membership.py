"""Put roles of PostgreSQL into groups, or take them out."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql
from ..system.postgresql import name, text

TRAITS = Traits(locks=("postgresql",))
Pairs = List[Tuple[str, str]]


class Params(postgresql.LoginParameters):
    """Who belongs to what."""

    groups: List[str] = required(
        "list", "The groups.", elements="str", aliases=("group", "source_role", "source_roles")
    )
    target_roles: List[str] = required(
        "list", "The roles that are members.", elements="str", aliases=("target_role", "users", "user")
    )
    state: str = optional(
        "str",
        "Whether they are members; exact: of these groups and no others.",
        "present",
        choices=("absent", "exact", "present"),
    )
    fail_on_role: bool = optional("bool", "Fail where a role does not exist, instead of leaving it out.", True)
    login_db: str = optional("str", "The database to connect to.", "", aliases=("db",))


class State(NamedTuple):
    """The roles that there are, and who is a direct member of what."""

    roles: Tuple[str, ...]
    members: Tuple[Tuple[str, str], ...]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    listed = ", ".join(text(each) for each in params.groups + params.target_roles)
    roles = client.rows("SELECT rolname FROM pg_roles WHERE rolname IN (%s)" % listed)
    pairs = client.rows(
        "SELECT g.rolname AS the_group, m.rolname AS member FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid "
        "JOIN pg_roles m ON m.oid = a.member WHERE m.rolname IN (%s)" % listed
    )
    return State(
        tuple(sorted(str(row["rolname"]) for row in roles)),
        tuple(sorted((str(row["the_group"]), str(row["member"])) for row in pairs)),
    )


def plan(params: Params, state: State) -> Change:
    """Compare."""
    missing = [each for each in params.groups + params.target_roles if each not in state.roles]
    if missing and params.fail_on_role:
        raise Failed("Role %s does not exist" % missing[0])
    groups = [each for each in params.groups if each in state.roles]
    targets = [each for each in params.target_roles if each in state.roles]
    grant, revoke = _pairs(params, state, groups, targets)
    todo = ["GRANT %s TO %s" % (name(group), name(member)) for group, member in grant]
    todo += ["REVOKE %s FROM %s" % (name(group), name(member)) for group, member in revoke]
    result: Dict[str, Any] = {"queries": todo, "groups": groups, "target_roles": targets, "state": params.state}
    shown = [] if params.state == "exact" else groups
    if params.state != "absent":
        result["granted"] = _by_group(shown, grant)
    if params.state != "present":
        result["revoked"] = _by_group(shown, revoke)
    if missing:
        result["warnings"] = ["Role %s does not exist, pass" % each for each in missing]
    if not todo:
        return Change(False, result=result)
    return Change(True, todo, result, {"before": _lines(revoke), "after": _lines(grant)})


def _pairs(params: Params, state: State, groups: List[str], targets: List[str]) -> Tuple[Pairs, Pairs]:
    """Return which (group, member) pairs to grant and which to revoke."""
    asked = [(group, member) for group in groups for member in targets]
    if params.state == "absent":
        return [], [pair for pair in asked if pair in state.members]
    grant = [pair for pair in asked if pair not in state.members]
    if params.state == "present":
        return grant, []
    return grant, [pair for pair in state.members if pair[1] in targets and pair not in asked]


def _by_group(groups: List[str], pairs: List[Tuple[str, str]]) -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {group: [] for group in groups}
    for group, member in pairs:
        found.setdefault(group, []).append(member)
    return found


def _lines(pairs: List[Tuple[str, str]]) -> str:
    return "".join("%s: %s\n" % pair for pair in pairs)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements."""
    params = change.params
    try:
        postgresql.connect(system, params, params.login_db).answers(["BEGIN", *change.todo, "COMMIT"])
    except postgresql.Refused as refused:
        raise Failed("Cannot execute SQL: %s" % refused.message) from None
    return None


RETURNS = """
groups: The groups.
target_roles: The members asked for.
granted: Roles put in, by group.
revoked: Roles taken out, by group.
state: What was asked for.
queries: The statements that were run.
"""

EXAMPLES = """
- name: Ann may read what readers may
  postgresql_membership:
    group: readers
    target_roles: [ann]
  become: true
  become_user: postgres
"""
