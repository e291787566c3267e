"""Set or reset a parameter of a PostgreSQL server with ALTER SYSTEM.

The server is told to read its configuration again; ``restart_required`` says where only a restart makes it count.
"""

from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql
from ..system.postgresql import names, text

TRAITS = Traits(locks=("postgresql",))
QUERY = """
SELECT s.setting, s.unit, s.context, s.boot_val, s.vartype, s.pending_restart, current_setting(s.name) AS pretty,
  (SELECT f.setting FROM pg_file_settings f WHERE lower(f.name) = lower(s.name)
   AND f.sourcefile LIKE '%%postgresql.auto.conf' ORDER BY f.seqno DESC LIMIT 1) AS written
FROM pg_settings s WHERE lower(s.name) = lower(%s)"""
SCALES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
SECONDS = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}


class Params(postgresql.LoginParameters):
    """The parameter."""

    name: str = required("str", "Its name.")
    value: Optional[str] = optional("str", "Its value.")
    reset: bool = optional("bool", "Whether to take away what ALTER SYSTEM set.", False)
    login_db: str = optional("str", "The database to connect to.", "", aliases=("db",))


class State(NamedTuple):
    """The parameter as it is."""

    row: Dict[str, Optional[str]]


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = postgresql.connect(system, params, params.login_db)
    try:
        rows = client.rows(QUERY % text(params.name))
    except postgresql.Refused as refused:
        raise Failed("cannot read %s: %s" % (params.name, refused.message)) from None
    if not rows:
        raise Failed("No such parameter: %s" % params.name)
    return State(rows[0])


def plan(params: Params, state: State) -> Change:
    """Compare with what ALTER SYSTEM has written, else with what counts now."""
    row = state.row
    result: Dict[str, Any] = {
        "name": params.name,
        "prev_val_pretty": row["pretty"],
        "value_pretty": row["pretty"],
        "value": _value(row),
        "context": row["context"],
        "restart_required": False,
        "queries": [],
    }
    if params.value is not None and params.reset:
        raise Failed("%s: value and reset params are mutually exclusive" % params.name)
    if params.value is None and not params.reset:
        raise Failed("%s: at least one of value or reset param must be specified" % params.name)
    if params.reset:
        if row["written"] is None:
            return Change(False, result=result)
        statement = "ALTER SYSTEM RESET " + names(params.name)
    elif same(params.value or "", row):
        return Change(False, result=result)
    else:
        statement = "ALTER SYSTEM SET %s = %s" % (names(params.name), _written(params.value or "", row))
    if row["context"] == "internal":
        raise Failed("%s cannot be changed (internal context)" % params.name)
    result.update(restart_required=row["context"] == "postmaster", queries=[statement])
    diff = {"before": "%s\n" % row["pretty"], "after": "%s\n" % (params.value if params.value is not None else "")}
    return Change(True, statement, result, diff)


def _value(row: Dict[str, Optional[str]]) -> Dict[str, Any]:
    """Return the value as results show it: sizes in bytes, all else as the server counts it."""
    setting, unit = row["setting"] or "", row["unit"]
    if unit and setting.lstrip("-").isdigit():
        letters = unit.lstrip("0123456789")
        if letters in SCALES and int(setting) >= 0:
            return {"value": int(int(setting) * _scale(unit)), "unit": "b"}
        return {"value": int(setting), "unit": unit}
    return {"value": setting, "unit": unit}


def _written(value: str, row: Dict[str, Optional[str]]) -> str:
    """Quote the value; ALTER SYSTEM wants each word of a list quoted on its own."""
    if row["vartype"] == "string" and "," in value and "/" not in value:
        return ", ".join(text(part.strip()) for part in value.split(","))
    return text(value)


def same(asked: str, row: Dict[str, Optional[str]]) -> bool:
    """Tell whether the parameter has this value, in whatever unit and spelling."""
    pending = row["written"]
    known = [pending] if pending is not None else [row["setting"], row["pretty"]]
    return any(_plain(asked, row) == _plain(each or "", row) for each in known)


def _plain(value: str, row: Dict[str, Optional[str]]) -> Any:
    word = value.strip().strip("'")
    if row["vartype"] == "bool":
        return {"on": True, "true": True, "yes": True, "1": True}.get(word.lower(), False)
    if row["vartype"] not in ("integer", "real"):
        return ",".join(part.strip().strip('"') for part in word.split(","))
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = word[len(digits) :].strip()
    try:
        number = float(digits)
    except ValueError:
        return word
    return round(number * _scale(unit or row["unit"] or ""), 6)


def _scale(unit: str) -> float:
    digits = unit.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    letters = unit[len(digits) :]
    return float(digits or 1) * (SCALES.get(letters) or SECONDS.get(letters) or 1)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Set it, and let the server read its configuration."""
    params = change.params
    client = postgresql.connect(system, params, params.login_db)
    try:
        client.answers([change.todo, "SELECT pg_reload_conf()", "SELECT pg_sleep(0.2)"])
        row = client.rows(QUERY % text(params.name))[0]
    except postgresql.Refused as refused:
        raise Failed("cannot set %s: %s" % (params.name, refused.message)) from None
    pretty = params.value if change.result["restart_required"] and params.value is not None else row["pretty"]
    return {"value_pretty": pretty, "value": _value(row)}


RETURNS = """
name: The parameter.
value: Value there is now, with its unit resolved.
value_pretty: The same as the server shows it.
prev_val_pretty: What the server showed before.
context: What the server needs to take it up.
restart_required: Whether that is a restart.
queries: The statements that were run.
"""

EXAMPLES = """
- name: More memory for sorting
  postgresql_set:
    name: work_mem
    value: 32MB
  become: true
  become_user: postgres
"""
