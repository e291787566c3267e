"""Add schemas to a database of PostgreSQL, or remove them."""

from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql
from ..system.postgresql import name, text

TRAITS = Traits(locks=("postgresql",))
QUERY = """
SELECT pg_get_userbyid(nspowner) AS owner, obj_description(oid, 'pg_namespace') AS comment
FROM pg_namespace WHERE nspname = %s"""


class Params(postgresql.LoginParameters):
    """The schema."""

    name: str = required("str", "Its name.", aliases=("schema",))
    login_db: str = optional("str", "The database.", "postgres", aliases=("db", "database"))
    owner: str = optional("str", "The role that owns it.", "")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    cascade_drop: bool = optional("bool", "Remove what is in it, too.", False)
    comment: Optional[str] = optional("str", "The comment on it.")


class State(NamedTuple):
    """The schema as it is, None where there is none."""

    row: Optional[Dict[str, Optional[str]]]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    rows = postgresql.connect(system, params, params.login_db).rows(QUERY % text(params.name))
    return State(rows[0] if rows else None)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    schema, todo = name(params.name), []
    if params.state == "absent":
        todo = ["DROP SCHEMA %s%s" % (schema, " CASCADE" if params.cascade_drop else "")] if state.row else []
    else:
        if state.row is None:
            todo.append("CREATE SCHEMA %s%s" % (schema, " AUTHORIZATION " + name(params.owner) if params.owner else ""))
        elif params.owner and params.owner != state.row["owner"]:
            todo.append("ALTER SCHEMA %s OWNER TO %s" % (schema, name(params.owner)))
        if params.comment is not None and (params.comment or None) != (state.row or {}).get("comment"):
            todo.append("COMMENT ON SCHEMA %s IS %s" % (schema, text(params.comment)))
    result = {"schema": params.name, "queries": todo}
    if not todo:
        return Change(False, result=result)
    before = params.name + "\n" if state.row else ""
    return Change(True, todo, result, {"before": before, "after": "".join(each + "\n" for each in todo)})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements."""
    params = change.params
    try:
        postgresql.connect(system, params, params.login_db).answers(change.todo)
    except postgresql.Refused as refused:
        raise Failed("Database query failed: %s" % refused.message) from None
    return None


RETURNS = """
schema: The schema.
queries: The statements that were run.
"""

EXAMPLES = """
- name: A schema of its own
  postgresql_schema:
    name: stock
    db: shop
    owner: shop
  become: true
  become_user: postgres
"""
