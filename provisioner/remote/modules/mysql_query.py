"""Run statements on a MySQL or MariaDB server and return their rows.

Statements that only read are run in check mode, too, in a transaction that cannot write.
"""

import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import mutually_exclusive, optional, required
from ..system import System, mysql
from ..system.sql_places import filled

TRAITS = Traits(predictable="partly", locks=("mysql",), rerun=False, settles=False)
READS = re.compile(r"^\s*(?:\(\s*)*(SELECT|SHOW|DESCRIBE|DESC|EXPLAIN)\b", re.IGNORECASE)
DEFINES = re.compile(r"^\s*(CREATE|DROP|ALTER|RENAME|TRUNCATE)\b", re.IGNORECASE)
WHOLE = frozenset(["TINY", "SHORT", "LONG", "LONGLONG", "INT24", "YEAR"])
BROKEN = frozenset(["FLOAT", "DOUBLE"])
END = "SELECT ROW_COUNT() AS provisioner_count, @@warning_count AS provisioner_warnings"


class Params(mysql.LoginParameters):
    """The statements and what goes into their places."""

    query: Any = required("raw", "A statement, or a list of statements.")
    positional_args: Optional[List[Any]] = optional("list", "Values for the %s in the statements, in order.")
    named_args: Optional[Dict[str, Any]] = optional("dict", "Values for %(name)s in the statements.")
    login_db: Optional[str] = optional("str", "The database they run in.")
    single_transaction: bool = optional("bool", "Run them all in one transaction.", False)
    check_implicit_admin: bool = optional("bool", "Try to log in as root without a password first.", False)
    session_vars: Optional[Dict[str, Any]] = optional("dict", "Variables of the session they run in.")
    rules = (mutually_exclusive("positional_args", "named_args"),)


class Answer(NamedTuple):
    """What a statement yielded, how many rows it changed, and whether there was a warning."""

    rows: List[Any]
    affected: int
    warned: bool


class State(NamedTuple):
    """The answers, where the statements only read."""

    answers: Optional[Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Run what only reads."""
    queries = _queries(params)
    if not all(READS.match(each) for each in queries):
        return State(None)
    client = mysql.connect(system, params, params.check_implicit_admin)
    started = time.time()
    try:
        script = [statement for query in queries for statement in (query, END)]
        sets = client.rows(*_session(params), "START TRANSACTION READ ONLY", *script, database=params.login_db)
        kinds = [client.kinds(each, params.login_db) for each in queries]
    except mysql.Refused as refused:
        if refused.number == 1792:  # it writes after all, through a function
            return State(None)
        raise Failed("Cannot execute SQL '%s' args [%s]: %s" % (queries, _args(params), refused.message)) from None
    found = [_typed(each.rows, columns) for each, columns in zip(_answers(sets), kinds)]
    return State(_result(queries, found, [len(rows) for rows in found], time.time() - started))


def _args(params: Params) -> Any:
    return params.positional_args if params.positional_args is not None else params.named_args


def _queries(params: Params) -> List[str]:
    if isinstance(params.query, str):
        queries = [params.query]
    elif isinstance(params.query, list) and all(isinstance(each, str) for each in params.query):
        queries = list(params.query)
    else:
        raise Failed("the query option value must be a string or list")
    if not queries or not all(each.strip() for each in queries):
        raise Failed("query: nothing to run")
    return [filled(each.strip().rstrip(";"), params.positional_args, params.named_args, literal) for each in queries]


def literal(value: Any) -> str:
    """Return a value as statements write it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "(%s)" % ",".join(literal(each) for each in value)
    return mysql.text(str(value))


def _session(params: Params) -> List[str]:
    variables = sorted((params.session_vars or {}).items())
    return ["SET SESSION %s = %s" % (mysql.name(key), literal(value)) for key, value in variables]


def _typed(rows: List[mysql.Row], kinds: List[str]) -> List[Dict[str, Any]]:
    return [{key: _value(value, kind) for (key, value), kind in zip(row.items(), kinds)} for row in rows]


def _value(value: Optional[str], kind: str) -> Any:
    if value is None:
        return None
    if kind in ("DATETIME", "TIMESTAMP"):
        return value.replace(" ", "T", 1)
    return int(value) if kind in WHOLE else float(value) if kind in BROKEN else value


def _result(queries: List[str], rows: List[Any], counts: List[int], took_s: float) -> Dict[str, Any]:
    times = [round(took_s * 1000)] * len(queries)
    return {"executed_queries": queries, "query_result": rows, "rowcount": counts, "execution_time_ms": times}


def plan(params: Params, state: State) -> Change:
    """What only reads is done; what else happens, only running tells."""
    if state.answers is not None:
        return Change(False, result=state.answers)
    return Change(None)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run them; a statement of which rows were changed, or that defines something without a warning, is a change."""
    params = change.params
    client = mysql.connect(system, params, params.check_implicit_admin)
    queries, started = _queries(params), time.time()
    script: List[str] = []
    for query in queries:
        script += ["DO 0", query, END]
    if params.single_transaction:
        script = ["START TRANSACTION", *script, "COMMIT"]
    try:
        sets = client.rows(*_session(params), *script, database=params.login_db)
    except mysql.Refused as refused:
        raise Failed("Cannot execute SQL '%s' args [%s]: %s" % (queries, _args(params), refused.message)) from None
    answers = _answers(sets)
    changed = any(_has_changed(query, answer) for query, answer in zip(queries, answers))
    counts = [max(each.affected, len(each.rows)) for each in answers]
    return dict(_result(queries, [each.rows for each in answers], counts, time.time() - started), changed=changed)


def _answers(sets: List[List[mysql.Row]]) -> List[Answer]:
    """Return each statement's answer; the client prints nothing for a set without rows, hence a mark behind each."""
    found: List[Answer] = []
    rows: List[Any] = []
    for each in sets:
        if len(each) == 1 and "provisioner_count" in each[0]:
            warned = (each[0]["provisioner_warnings"] or "0") != "0"
            found.append(Answer(rows, int(each[0]["provisioner_count"] or 0), warned))
            rows = []
        else:
            rows = each
    return found


def _has_changed(query: str, answer: Answer) -> bool:
    if DEFINES.match(query):
        return not answer.warned
    return not READS.match(query) and answer.affected > 0


RETURNS = """
executed_queries: The statements that were run.
query_result: The rows of each statement.
rowcount: How many rows each statement returned or changed.
execution_time_ms: How long each statement took.
"""

EXAMPLES = """
- name: How many orders there are
  mysql_query:
    login_db: shop
    query: SELECT COUNT(*) AS n FROM orders WHERE state = %s
    positional_args: [open]
    login_unix_socket: /run/mysqld/mysqld.sock
  register: orders
"""
