"""Tell where the sequences of a PostgreSQL server are, or set them to where those of another one are.

Logical replication does not carry sequences; without this the next keys would be those of rows that exist already.
"""

import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, postgresql_wire
from ..system.postgresql import Refused, text

TRAITS = Traits(locks=("postgresql",))
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
PLACES = """SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last,
increment_by::text AS step FROM pg_sequences ORDER BY 1"""


class Params(postgresql_wire.LocalParameters):
    """Which, and where to."""

    databases: List[str] = optional("list", "Which; else all.", [], elements="str")
    values: Optional[Dict[str, Any]] = optional("dict", "By database, and by sequence: the last value given out.")
    forward: bool = optional("bool", "Never set one back: leave those that are further already.", True)


class State(NamedTuple):
    """By database and sequence: the last value given out, None where there was none yet."""

    values: Dict[str, Dict[str, Optional[int]]]
    steps: Dict[str, Dict[str, int]]


def inspect(params: Params, system: System) -> State:
    """Ask every database."""
    with postgresql_wire.connect(params) as session:
        names = params.databases or [row["datname"] or "" for row in session.rows(DATABASES)]
    found: Dict[str, Dict[str, Optional[int]]] = {}
    steps: Dict[str, Dict[str, int]] = {}
    for each in names:
        with postgresql_wire.connect(params, each) as session:
            rows = session.rows(PLACES)
        found[each] = {row["name"] or "": int(row["last"]) if row["last"] is not None else None for row in rows}
        steps[each] = {row["name"] or "": int(row["step"] or 1) for row in rows}
    return State(found, steps)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    todo: Dict[str, Dict[str, int]] = {}
    for database, wanted in sorted((params.values or {}).items()):
        here = state.values.get(database, {})
        missing = sorted(set(wanted) - set(here))
        if missing:
            raise Failed("%s has no sequence %s" % (database, ", ".join(missing)))
        steps = state.steps[database]
        todo[database] = {
            each: int(value)
            for each, value in wanted.items()
            if value is not None and _is_to_move(here[each], int(value), steps[each] if params.forward else 0)
        }
    todo = {database: values for database, values in todo.items() if values}
    count = sum(len(each) for each in state.values.values())
    return Change(bool(todo), todo, {"values_by_name": state.values, "count": count})


def _is_to_move(here: Optional[int], wanted: int, step: int) -> bool:
    """Tell whether a sequence is to be set; with a step only in its own direction."""
    return here is None or (here != wanted if step == 0 else (wanted - here) * step > 0)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Set them."""
    started = time.monotonic()
    for database, values in change.todo.items():
        with postgresql_wire.connect(change.params, database) as session:
            try:
                for each, value in sorted(values.items()):
                    session.answers("SELECT setval(%s::regclass, %d, true)" % (text(each), int(value)))
            except Refused as refused:
                raise Failed("%s: %s" % (database, refused.message)) from None
    return {"measured": {"seconds": round(time.monotonic() - started, 4)}}


EXAMPLES = """
- name: Where sequences are
  postgresql_sequences:
  register: sequences
"""
