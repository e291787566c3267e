"""Count and checksum every table of a MariaDB server, and say what differs between two servers."""

import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql, mysql_server

TRAITS = Traits(settles=False)
TABLES = """SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'BASE TABLE'
AND table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1, 2"""
SHOWN = 20


class Params(mysql_server.ServerParameters):
    """What is looked at."""

    do: str = optional("str", "What to do.", "now", choices=("now", "compare"))
    check: str = optional("str", "How closely.", "full", choices=("full", "counts"))
    databases: List[str] = optional("list", "Which; else all.", [], elements="str")
    mine: Dict[str, Any] = optional("dict", "compare: the result here.", {})
    theirs: Dict[str, Any] = optional("dict", "compare: the result there.", {})


class State(NamedTuple):
    """The figures."""

    found: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Look at the tables, all at one moment."""
    if params.do == "compare":
        return State({})
    started = time.monotonic()
    found = _figures(params, mysql.Client(system, params))
    total = sum(each[0] for each in found.values())
    figures = {"seconds": round(time.monotonic() - started, 4), "rows": total}
    return State({"tables": found, "rows": total, "measured": figures})


def _figures(params: Params, client: mysql.Client) -> Dict[str, List[Any]]:
    listed = mysql_server.ask(client, TABLES)
    tables = [(row["s"] or "", row["t"] or "") for row in (listed[0] if listed else [])]
    tables = [each for each in tables if not params.databases or each[0] in params.databases]
    statements = [
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    ]
    for each in tables:
        path = "%s.%s" % (mysql.name(each[0]), mysql.name(each[1]))
        statements.append("SELECT COUNT(*) AS n FROM %s" % path)
        statements += ["CHECKSUM TABLE %s EXTENDED" % path] if params.check == "full" else []
    rows = [each[0] for each in mysql_server.ask(client, *statements)]
    width = 2 if params.check == "full" else 1
    found: Dict[str, List[Any]] = {}
    for at, (schema, table) in enumerate(tables):
        checksum = rows[at * width + 1]["Checksum"] if width == 2 else ""
        found["%s.%s" % (schema, table)] = [int(rows[at * width]["n"] or 0), checksum]
    return found


def plan(params: Params, state: State) -> Change:
    """Say what was found, or what differs."""
    if params.do == "now":
        return Change(False, result=state.found)
    wrong = differences(params.mine.get("tables") or {}, params.theirs.get("tables") or {})
    if wrong:
        raise Failed("%d tables differ: %s" % (len(wrong), "; ".join(wrong[:SHOWN])), differences=wrong)
    return Change(False, result={"rows": params.mine.get("rows", 0), "tables": len(params.mine.get("tables") or {})})


def differences(here: Dict[str, Any], there: Dict[str, Any]) -> List[str]:
    """Return what differs, in words."""
    wrong = []
    for each in sorted(set(here) | set(there)):
        if each not in here or each not in there:
            wrong.append("%s is only %s" % (each, "here" if each in here else "there"))
        elif here[each][0] != there[each][0]:
            wrong.append("%s: %d rows here, %d there" % (each, here[each][0], there[each][0]))
        elif here[each] != there[each]:
            wrong.append("%s: %d rows in both, with other contents" % (each, here[each][0]))
    return wrong


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing: it only reads."""
    return None


RETURNS = """
tables: Of each table how many rows and which checksum.
rows: How many rows in all.
differences: With compare: what differs, each in words.
"""

EXAMPLES = """
- name: What is in this server
  mysql_digest:
    check: counts
    login_unix_socket: /run/mysqld/mysqld.sock
  register: digest
"""
