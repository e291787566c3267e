"""Tell whether a PostgreSQL server answers, and which version it is."""

from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Traits
from ..params import optional
from ..system import System, postgresql

TRAITS = Traits()


class Params(postgresql.LoginParameters):
    """Which server."""

    login_db: str = optional("str", "The database to connect to.", "", aliases=("db",))


class State(NamedTuple):
    """What the server said of itself, None where it did not answer, and why not."""

    number: Optional[int]
    full: str
    problem: str


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.Client(system, params, params.login_db)
    try:
        full = client.rows("SELECT version() AS v")[0]["v"] or ""
        return State(client.version(), full, "")
    except postgresql.Refused as refused:
        return State(None, "", refused.message)


def plan(params: Params, state: State) -> Change:
    """Report; nothing is changed."""
    version: Dict[str, Any] = {}
    if state.number is not None:
        major, rest = divmod(state.number, 10000)
        version = {"major": major, "minor": rest % 100, "full": state.full.split()[1], "raw": state.full}
    result = {"is_available": state.number is not None, "server_version": version, "conn_err_msg": state.problem}
    return Change(False, result=result)


def apply(change: Change, system: System) -> None:
    """Do nothing: there is nothing to change."""


RETURNS = """
is_available: Whether the server answers.
server_version: Version of the server, in parts.
conn_err_msg: Why it does not answer.
"""

EXAMPLES = """
- name: Is it there?
  postgresql_ping:
    db: shop
  become: true
  become_user: postgres
  register: database
"""
