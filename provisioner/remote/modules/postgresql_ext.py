"""Add extensions to a database of PostgreSQL, update or remove them."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql
from ..system.postgresql import name, text

TRAITS = Traits(locks=("postgresql",))
QUERY = """
SELECT (SELECT extversion FROM pg_extension WHERE extname = {0}) AS version,
  (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = {0}) AS schema,
  (SELECT default_version FROM pg_available_extensions WHERE name = {0}) AS latest,
  (SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = {0}) AS comment"""


class Params(postgresql.LoginParameters):
    """The extension."""

    name: str = required("str", "Its name.", aliases=("ext",))
    login_db: str = required("str", "The database.", aliases=("db",))
    schema: Optional[str] = optional("str", "The schema of its objects.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    cascade: bool = optional("bool", "Add what it needs, remove what needs it.", False)
    version: Optional[str] = optional("str", "Its version, or latest.")
    comment: Optional[str] = optional("str", "The comment on it.")


class State(NamedTuple):
    """What the server has."""

    row: Dict[str, Optional[str]]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    return State(client.rows(QUERY.format(text(params.name)))[0])


def plan(params: Params, state: State) -> Change:
    """Compare."""
    now = state.row["version"]
    todo = _removed(params, now) if params.state == "absent" else _added(params, state)
    result = {
        "db": params.login_db,
        "ext": params.name,
        "queries": todo,
        "prev_version": now or "",
        "version": now or "",
    }
    if not todo:
        return Change(False, result=result)
    diff = {"before": "%s %s\n" % (params.name, now) if now else "", "after": "".join(each + "\n" for each in todo)}
    return Change(True, todo, result, diff)


def _removed(params: Params, now: Optional[str]) -> List[str]:
    cascade = " CASCADE" if params.cascade else ""
    return ["DROP EXTENSION %s%s" % (name(params.name), cascade)] if now is not None else []


def _added(params: Params, state: State) -> List[str]:
    now, extension = state.row["version"], name(params.name)
    todo = []
    if now is None:
        if state.row["latest"] is None:
            raise Failed("Extension %s is not available" % params.name)
        todo.append(_create(params, extension))
    else:
        wanted = state.row["latest"] if params.version == "latest" else params.version
        if wanted and wanted != now:
            clause = "" if params.version == "latest" else " TO " + text(wanted)
            todo.append("ALTER EXTENSION %s UPDATE%s" % (extension, clause))
        if params.schema and params.schema != state.row["schema"]:
            todo.append("ALTER EXTENSION %s SET SCHEMA %s" % (extension, name(params.schema)))
    if params.comment is not None and (params.comment or None) != state.row["comment"]:
        todo.append("COMMENT ON EXTENSION %s IS %s" % (extension, text(params.comment)))
    return todo


def _create(params: Params, extension: str) -> str:
    statement = "CREATE EXTENSION " + extension
    if params.schema:
        statement += " WITH SCHEMA " + name(params.schema)
    if params.version and params.version != "latest":
        statement += " VERSION " + text(params.version)
    return statement + (" CASCADE" if params.cascade else "")


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements."""
    params = change.params
    client = postgresql.connect(system, params, params.login_db)
    try:
        client.answers(change.todo)
    except postgresql.Refused as refused:
        raise Failed("Database query failed: %s" % refused.message) from None
    return {"version": client.rows(QUERY.format(text(params.name)))[0]["version"] or ""}


RETURNS = """
ext: The extension.
db: The database.
prev_version: Version there was.
version: Version there is.
queries: The statements that were run.
"""

EXAMPLES = """
- name: Search by similarity
  postgresql_ext:
    name: pg_trgm
    db: shop
  become: true
  become_user: postgres
"""
