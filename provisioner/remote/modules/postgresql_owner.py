"""Give an object of PostgreSQL, or everything that roles own, to another role."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import mutually_exclusive, optional, required, required_one_of
from ..system import System, postgresql
from ..system.postgresql import name, names, text

TRAITS = Traits(locks=("postgresql",))
KINDS = {
    "database": ("SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = %s", "DATABASE"),
    "schema": ("SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = %s", "SCHEMA"),
    "tablespace": ("SELECT pg_get_userbyid(spcowner) AS owner FROM pg_tablespace WHERE spcname = %s", "TABLESPACE"),
    "table": (
        "SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = to_regclass(%s) AND relkind IN ('r','p')",
        "TABLE",
    ),
    "sequence": (
        "SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'S'",
        "SEQUENCE",
    ),
    "view": (
        "SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'v'",
        "VIEW",
    ),
    "matview": (
        "SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'm'",
        "MATERIALIZED VIEW",
    ),
    "function": ("SELECT pg_get_userbyid(proowner) AS owner FROM pg_proc WHERE oid = to_regproc(%s)", "FUNCTION"),
}
OTHERS = (
    *("aggregate", "collation", "conversion", "domain", "event_trigger", "foreign_data_wrapper", "foreign_table"),
    *("language", "large_object", "procedure", "publication", "routine", "server", "statistics"),
    *("text_search_configuration", "text_search_dictionary", "type"),
)
"""What the module of community.postgresql is asked for."""
WHOLE = ("database", "schema", "tablespace")
OWNED = """
SELECT count(*) AS n FROM pg_shdepend s WHERE s.deptype = 'o' AND s.refclassid = 'pg_authid'::regclass
AND s.refobjid IN (SELECT oid FROM pg_roles WHERE rolname IN (%s))
AND (s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) OR s.dbid = 0)"""


class Params(postgresql.LoginParameters):
    """What gets which owner."""

    original = "community.postgresql.postgresql_owner"
    beyond = frozenset("%s=%s" % (name, kind) for name in ("obj_type", "type") for kind in OTHERS)
    new_owner: str = required("str", "The role that shall own it.")
    obj_name: Optional[str] = optional("str", "The object.")
    obj_type: Optional[str] = optional(
        "str", "What it is.", aliases=("type",), choices=tuple(sorted((*KINDS, *OTHERS)))
    )
    reassign_owned_by: Optional[List[str]] = optional("list", "Roles whose objects it shall own.", elements="str")
    fail_on_role: bool = optional("bool", "Fail where a role of reassign_owned_by does not exist.", True)
    login_db: str = optional("str", "The database.", "", aliases=("db",))
    rules = (mutually_exclusive("obj_name", "reassign_owned_by"), required_one_of("obj_name", "reassign_owned_by"))


class State(NamedTuple):
    """Who owns the object; for roles, which there are and whether they own anything."""

    owner: Optional[str]
    roles: Tuple[str, ...]
    owned: int


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    asked = [params.new_owner, *(params.reassign_owned_by or ())]
    rows = client.rows("SELECT rolname FROM pg_roles WHERE rolname IN (%s)" % ", ".join(text(each) for each in asked))
    roles = tuple(str(row["rolname"]) for row in rows)
    if params.reassign_owned_by is not None:
        listed = ", ".join(text(each) for each in params.reassign_owned_by) or "''"
        return State(None, roles, int(client.rows(OWNED % listed)[0]["n"] or 0))
    if params.obj_type is None:
        raise Failed("obj_type: what is %s?" % params.obj_name)
    written = params.obj_name or ""
    found = client.rows(KINDS[params.obj_type][0] % text(written if params.obj_type in WHOLE else names(written)))
    if not found:
        raise Failed("%s %s does not exist" % (params.obj_type, params.obj_name))
    return State(found[0]["owner"], roles, 0)


def plan(params: Params, state: State) -> Change:
    """Compare the owner."""
    asked = [params.new_owner, *(params.reassign_owned_by or ())]
    missing = [each for each in asked if each not in state.roles]
    if missing and (params.fail_on_role or params.new_owner in missing):
        raise Failed("Role '%s' does not exist" % missing[0])
    todo = _statements(params, state)
    if not todo:
        return Change(False, result={"queries": todo})
    diff = {"before": "%s\n" % (state.owner or ""), "after": params.new_owner + "\n"}
    return Change(True, todo, {"queries": todo}, diff, settles=params.reassign_owned_by is None)


def _statements(params: Params, state: State) -> List[str]:
    if params.reassign_owned_by is not None:
        there = [name(each) for each in params.reassign_owned_by if each in state.roles]
        return (
            ["REASSIGN OWNED BY %s TO %s" % (", ".join(there), name(params.new_owner))] if state.owned and there else []
        )
    if state.owner == params.new_owner:
        return []
    kind, written = params.obj_type or "", params.obj_name or ""
    target = name(written) if kind in WHOLE else names(written)
    return ["ALTER %s %s OWNER TO %s" % (KINDS[kind][1], target, name(params.new_owner))]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statement."""
    params = change.params
    try:
        postgresql.connect(system, params, params.login_db).answers(change.todo)
    except postgresql.Refused as refused:
        raise Failed("Cannot execute SQL: %s" % refused.message) from None
    return None


RETURNS = """
queries: The statements that were run.
"""

EXAMPLES = """
- name: The shop owns its orders
  postgresql_owner:
    db: shop
    new_owner: shop
    obj_name: stock.orders
    obj_type: table
  become: true
  become_user: postgres
"""
