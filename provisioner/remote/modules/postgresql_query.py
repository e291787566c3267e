"""Run statements on a PostgreSQL server and return their rows.

Statements that only read are run in check mode, too, in a transaction that cannot write.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import mutually_exclusive, optional, required
from ..system import System, postgresql
from ..system.postgresql import Answer, text
from ..system.sql_places import filled

TRAITS = Traits(predictable="partly", locks=("postgresql",), rerun=False, settles=False)
READS = re.compile(r"^\s*(?:\(\s*)*(SELECT|SHOW|EXPLAIN|VALUES|TABLE)\b", re.IGNORECASE)
UNCHANGED = re.compile(r"^(SELECT|SHOW|EXPLAIN|SET|BEGIN|COMMIT)\b|^(INSERT 0|UPDATE|DELETE|COPY|MERGE) 0$")
WHOLE = frozenset(["smallint", "integer", "bigint", "oid"])


class Params(postgresql.LoginParameters):
    """The statements and what goes into their places."""

    query: Any = required("raw", "A statement, or a list of statements.")
    login_db: str = optional("str", "The database they run in.", "", aliases=("db",))
    positional_args: Optional[List[Any]] = optional("list", "Values for the %s in the statements, in order.")
    named_args: Optional[Dict[str, Any]] = optional("dict", "Values for %(name)s in the statements.")
    autocommit: bool = optional("bool", "Run them outside of a transaction.", False)
    encoding: Optional[str] = optional("str", "The client encoding.")
    search_path: Optional[List[str]] = optional("list", "Schemas that names are looked for in.", elements="str")
    rules = (mutually_exclusive("positional_args", "named_args"),)


class State(NamedTuple):
    """The answers, where the statements only read."""

    result: Optional[Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Run what only reads."""
    queries = _queries(params)
    if not all(READS.match(each) for each in queries):
        return State(None)
    client = postgresql.connect(system, params, params.login_db)
    try:
        return State(_run(params, client, queries, "BEGIN READ ONLY"))
    except postgresql.Refused as refused:
        if "read-only transaction" in refused.message:  # it writes after all, through a function
            return State(None)
        raise _refused(params, refused) from None


def _refused(params: Params, refused: postgresql.Refused) -> Failed:
    args = params.positional_args if params.positional_args is not None else params.named_args
    listed = params.query if isinstance(params.query, list) else [params.query]
    told = "Cannot execute SQL '%s' %s: %s, query list: %s"
    return Failed(told % (params.query, args, refused.message, listed))


def _queries(params: Params) -> List[str]:
    queries = [params.query] if isinstance(params.query, str) else params.query
    if (
        not isinstance(queries, list)
        or not all(isinstance(each, str) and each.strip() for each in queries)
        or not queries
    ):
        raise Failed("query must be a statement, or a list of statements")
    return [filled(each.strip().rstrip(";"), params.positional_args, params.named_args, literal) for each in queries]


def literal(value: Any) -> str:
    """Return a value as statements write it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return text(_array(value))
    return text(str(value))


def _array(values: Any) -> str:
    parts = []
    for each in values:
        if isinstance(each, (list, tuple)):
            parts.append(_array(each))
        elif isinstance(each, str):
            parts.append('"%s"' % each.replace("\\", "\\\\").replace('"', '\\"'))
        else:
            parts.append("NULL" if each is None else str(each).lower())
    return "{%s}" % ", ".join(parts)


def _run(params: Params, client: postgresql.Client, queries: List[str], begin: str) -> Dict[str, Any]:
    first = ["SET client_encoding = " + text(params.encoding)] if params.encoding else []
    if params.search_path:
        paths = [part.strip().strip('"') for each in params.search_path for part in each.split(",")]
        first.append("SET search_path TO " + ", ".join(postgresql.name(part) for part in paths))
    if begin:
        first.append(begin)
    answers = client.answers([*first, *queries, *(["COMMIT"] if begin else [])])
    answers = answers[len(first) : len(first) + len(queries)]
    found: List[Any] = [_typed(answer, client.kinds(query)) or {} for query, answer in zip(queries, answers)]
    tags = [_tag(query, answer) for query, answer in zip(queries, answers)]
    return {
        "query": queries[-1],
        "query_list": queries,
        "statusmessage": tags[-1],
        "query_result": found[-1],
        "query_all_results": found,
        "rowcount": sum(_count(tag) for tag in tags),
        "execution_time_ms": [],
        "changed": any(not UNCHANGED.match(tag) for tag in tags),
    }


def _tag(query: str, answer: Answer) -> str:
    found = READS.match(query)
    word = found.group(1).upper() if found else "SELECT"
    return answer.tag or ("SELECT %d" % len(answer.rows) if word in ("SELECT", "VALUES", "TABLE") else word)


def _count(tag: str) -> int:
    last = tag.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def _typed(answer: Answer, kinds: List[str]) -> List[Dict[str, Any]]:
    known = kinds if len(kinds) == len(answer.columns) else ["text"] * len(answer.columns)
    return [{key: _value(value, kind) for key, value, kind in zip(answer.columns, row, known)} for row in answer.rows]


def _value(value: Optional[str], kind: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return value == "t"
    if kind in WHOLE:
        return int(value)
    if kind in ("real", "double precision", "numeric"):
        return float(value)
    return value.replace(" ", "T", 1) if kind.startswith("timestamp") else value


def plan(params: Params, state: State) -> Change:
    """What only reads is done; what else happens, only running tells."""
    if state.result is not None:
        return Change(False, result=dict(state.result, changed=False))
    return Change(None)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run them; a statement that made, changed or removed something is a change."""
    params = change.params
    client = postgresql.connect(system, params, params.login_db)
    try:
        return _run(params, client, _queries(params), "" if params.autocommit else "BEGIN")
    except postgresql.Refused as refused:
        raise _refused(params, refused) from None


RETURNS = """
query: The last statement.
query_list: All statements.
query_result: Rows of the last statement.
query_all_results: Rows of each statement.
rowcount: How many rows were returned or changed.
statusmessage: The server's word for the last statement.
execution_time_ms: How long each statement took.
"""

EXAMPLES = """
- name: How many orders there are
  postgresql_query:
    db: shop
    query: SELECT count(*) AS n FROM orders WHERE state = %s
    positional_args: [open]
  become: true
  become_user: postgres
  register: orders
"""
