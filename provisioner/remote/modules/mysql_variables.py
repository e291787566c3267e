"""Read or set a global variable of a MySQL or MariaDB server."""

import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, mysql

TRAITS = Traits(locks=("mysql",))
NAME = re.compile(r"^[0-9A-Za-z_.]+$")
SAME = {"ON": "1", "OFF": "0"}


class Params(mysql.LoginParameters):
    """The variable; without a value it is read."""

    variable: str = required("str", "Its name.")
    value: Optional[str] = optional("str", "Its value.")
    mode: str = optional(
        "str", "Set it now, now and for later, or for later.", "global", choices=("global", "persist", "persist_only")
    )
    check_implicit_admin: bool = optional("bool", "Try to log in as root without a password first.", False)


class State(NamedTuple):
    """What the server has, and whether it is MariaDB."""

    value: str
    persisted: Optional[str]
    mariadb: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    if not NAME.match(params.variable):
        raise Failed('invalid variable name "%s"' % params.variable)
    client = mysql.connect(system, params, params.check_implicit_admin)
    asked = mysql.text(params.variable.rpartition(".")[2])
    rows = client.rows("SHOW GLOBAL VARIABLES WHERE Variable_name = " + asked)
    if not rows or not rows[0]:
        raise Failed('Variable not available "%s"' % params.variable)
    persisted = None
    if params.mode != "global":
        query = "SELECT VARIABLE_VALUE AS v FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = "
        kept = client.rows(query + asked)
        persisted = kept[0][0]["v"] if kept and kept[0] else None
    return State(rows[0][0]["Value"] or "", persisted, client.version()[0])


def plan(params: Params, state: State) -> Change:
    """Compare; numbers by their value, ON and OFF with 1 and 0."""
    if params.value is None:
        return Change(False, result={"msg": state.value})
    known = state.value if params.mode == "global" else state.persisted
    is_set = known is not None and _same(params.value, known)
    if params.mode == "persist":
        is_set = is_set and _same(params.value, state.value)
    if is_set:
        return Change(
            False,
            result={
                "msg": "Variable is already set to requested value globally"
                if params.mode == "global"
                else "Variable is already set to requested value",
                "queries": [],
            },
        )
    scope = {"global": "GLOBAL", "persist": "PERSIST", "persist_only": "PERSIST_ONLY"}[params.mode]
    variable = ".".join(mysql.name(part) for part in params.variable.split("."))
    statement = "SET %s %s = %s" % (scope, variable, _written(params.value))
    result = {"msg": "Variable change succeeded prev_value=%s" % state.value, "queries": [statement]}
    return Change(True, statement, result, {"before": (known or "") + "\n", "after": params.value + "\n"})


def _same(asked: str, known: str) -> bool:
    one, other = _plain(asked), _plain(known)
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _plain(value: str) -> str:
    word = value.strip()
    return SAME.get(word.upper(), {"true": "1", "false": "0"}.get(word.lower(), word))


def _written(value: str) -> str:
    if re.match(r"^-?\d+(\.\d+)?$", value.strip()):
        return value.strip()
    return {"true": "TRUE", "false": "FALSE"}.get(value.strip().lower(), mysql.text(value))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Set it."""
    params = change.params
    client = mysql.connect(system, params, params.check_implicit_admin)
    try:
        client.rows(change.todo)
    except mysql.Refused as refused:
        raise Failed("cannot set %s: %s" % (params.variable, refused.message)) from None
    return None


RETURNS = """
queries: The statements that were run.
"""

EXAMPLES = """
- name: More connections
  mysql_variables:
    variable: max_connections
    value: "400"
    login_unix_socket: /run/mysqld/mysqld.sock
"""
