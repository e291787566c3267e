"""Count and checksum every table and sequence of a PostgreSQL server, independent of the order of rows.

``start`` takes a snapshot of every database and works on in the background: writes may go on at once and the figures
are still those of that moment. ``collect`` waits for them; ``incomplete`` says why there are none. ``compare`` says
what differs between two results.
"""

import json
import os
import signal
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..detaching import let_go
from ..params import optional, required_if
from ..system import System, postgresql_wire
from ..system.postgresql import Refused, name
from ..system.postgresql_wire import Session

TRAITS = Traits(predictable="partly", settles=False)
PLAIN = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 3; "
PLAIN += "SET bytea_output = 'hex'; SET xmlbinary = 'base64'; SET lc_monetary = 'C'"
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
TABLES = """SELECT n.nspname AS s, c.relname AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2"""
SEQUENCES = """SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last,
increment_by::text AS step FROM pg_sequences ORDER BY 1"""
TIMELESS = "coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
SHOWN = 20


class Params(postgresql_wire.LocalParameters):
    """What is looked at, and when."""

    do: str = optional("str", "What to do.", "now", choices=("now", "start", "collect", "compare"))
    check: str = optional("str", "How closely.", "full", choices=("full", "counts"))
    databases: List[str] = optional("list", "Which; else all.", [], elements="str")
    sequences: bool = optional("bool", "Whether sequences are looked at.", True)
    file: Optional[str] = optional("path", "Where figures of the background are kept.")
    token: str = optional("str", "Which moment they belong to: started again only for another.", "")
    timeout_s: float = optional("float", "How long collect waits.", 3600.0)
    after_s: float = optional(
        "float", "start: how long the work waits once the moment is held, for what is urgent.", 0.0
    )
    mine: Dict[str, Any] = optional("dict", "compare: the result here.", {})
    theirs: Dict[str, Any] = optional("dict", "compare: the result there.", {})
    ahead: bool = optional("bool", "compare: sequences here may be further, as those of a standby are.", False)
    rules = (required_if("do", "start", "file"), required_if("do", "collect", "file"))


class State(NamedTuple):
    """The figures, or what the background's file says."""

    found: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Look at the tables, or at the file."""
    if params.do == "compare":
        return State({})
    if params.do != "now":
        return State(_read(params.file or ""))
    started = time.monotonic()
    sessions = _sessions(params)
    try:
        found = digest(params, sessions)
    except Refused as refused:
        raise Failed(refused.message) from None
    finally:
        for session in sessions.values():
            session.close()
    return State(_summed(found, time.monotonic() - started))


def _sessions(params: Params) -> Dict[str, Session]:
    """Return a session for each database, all at their moment: what comes later is not seen."""
    with postgresql_wire.connect(params) as session:
        names = params.databases or [row["datname"] or "" for row in session.rows(DATABASES)]
    sessions = {}
    for each in names:
        sessions[each] = postgresql_wire.connect(params, each)
        sessions[each].answers(PLAIN)
        sessions[each].answers("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        sessions[each].answers("SELECT 1")
        sessions[each].wait_without_limit()
    return sessions


def digest(params: Params, sessions: Dict[str, Session]) -> Dict[str, Any]:
    """Return ``database/schema.table: [rows, checksum]`` and ``database/sequence: [last value, step]``."""
    tables: Dict[str, Any] = {}
    sequences: Dict[str, Any] = {}
    checksum = TIMELESS if params.check == "full" else "''"
    for database, session in sessions.items():
        for row in session.rows(TABLES):
            path = "%s.%s" % (name(row["s"] or ""), name(row["t"] or ""))
            counted = session.answers("SELECT count(*), %s FROM ONLY %s t" % (checksum, path))[0].rows[0]
            tables["%s/%s.%s" % (database, row["s"], row["t"])] = [int(counted[0] or 0), counted[1]]
        if params.sequences:
            rows = session.rows(SEQUENCES)
            sequences.update({"%s/%s" % (database, r["name"]): [r["last"], int(r["step"] or 1)] for r in rows})
    return {"tables": tables, "sequences": sequences}


def _summed(found: Dict[str, Any], seconds: float) -> Dict[str, Any]:
    rows = sum(each[0] for each in found["tables"].values())
    return dict(found, rows=rows, measured={"seconds": round(seconds, 4), "rows": rows})


def plan(params: Params, state: State) -> Change:
    """Say what was found; starting is for the moment ``token`` only once."""
    if params.do == "now":
        return Change(False, result=state.found)
    if params.do == "compare":
        wrong = differences(params.mine, params.theirs, params.ahead)
        if wrong:
            raise Failed("%d things differ: %s" % (len(wrong), "; ".join(wrong[:SHOWN])), differences=wrong)
        return Change(False, result={"rows": params.mine.get("rows", 0), "tables": len(params.mine.get("tables", {}))})
    is_there = params.token in ("", state.found.get("token")) and state.found.get("state") in ("running", "done")
    if params.do == "start":
        lives = state.found.get("state") == "done" or _lives(int(state.found.get("pid", 0)))
        return Change(not (is_there and lives))
    return Change(None) if is_there else Change(False, result=_incomplete("no check was started in %s" % params.file))


def differences(mine: Dict[str, Any], theirs: Dict[str, Any], ahead: bool = False) -> List[str]:
    """Return what differs, in words; ``ahead`` allows sequences that are further here."""
    wrong = []
    for kind, words in (("tables", _table), ("sequences", _sequence)):
        here, there = mine.get(kind) or {}, theirs.get(kind) or {}
        for each in sorted(set(here) | set(there)):
            if each not in here or each not in there:
                wrong.append("%s is only %s" % (each, "here" if each in here else "there"))
            elif here[each] != there[each]:
                said = words(here[each], there[each], ahead)
                wrong += ["%s: %s" % (each, said)] if said else []
    return wrong


def _table(here: Any, there: Any, _ahead: bool) -> str:
    if here[0] == there[0]:
        return "%d rows in both, with other contents" % here[0]
    return "%d rows here, %d there" % (here[0], there[0])


def _sequence(here: Any, there: Any, ahead: bool) -> str:
    """A server writes down a sequence some values ahead, and that is what a standby knows."""
    is_further = there[0] is None or (here[0] is not None and (int(here[0]) - int(there[0])) * here[1] > 0)
    return "" if ahead and is_further else "%s here, %s there" % (here[0], there[0])


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Start in the background, or wait for what was started."""
    params = change.params
    if params.do == "collect":
        return _collect(params)
    started = time.monotonic()
    _stop(int(change.state.found.get("pid", 0)), change.state.found.get("state", ""))
    begun, child_end = os.pipe()
    if not os.fork():
        os.close(begun)
        try:
            os.setsid()
            if not os.fork():
                _work(params, child_end)
        finally:
            os._exit(0)
    os.close(child_end)
    os.wait()
    said = os.read(begun, 4096).decode("utf-8", "replace")
    os.close(begun)
    if said != "begun":
        raise Failed("the background check did not begin: %s" % said)
    return {"measured": {"seconds": round(time.monotonic() - started, 4)}}


def _work(params: Params, tell: int) -> None:
    """Be the process that stays: take the snapshots, say so, work, write down."""
    let_go(tell)
    started = time.monotonic()
    told: Dict[str, Any] = {"token": params.token, "pid": os.getpid(), "state": "running"}
    try:
        sessions = _sessions(params)
        _write(params.file or "", told)
        os.write(tell, b"begun")
        os.close(tell)
        time.sleep(params.after_s)
        found = _summed(digest(params, sessions), time.monotonic() - started)
        _write(params.file or "", dict(told, state="done", found=found))
    except (Failed, Refused, OSError) as error:
        said = str(error)
        _write(params.file or "", dict(told, state="failed", msg=said))
        try:
            os.write(tell, said.encode("utf-8")[:4000])
        except OSError:
            return  # it was told that the check began


def _collect(params: Params) -> Dict[str, Any]:
    """Wait for the figures; where they do not come, say why: what was copied is not wrong because of that."""
    deadline = time.monotonic() + params.timeout_s
    while True:
        told = _read(params.file or "")
        if told.get("state") == "done":
            return dict(told["found"], changed=False)
        if told.get("state") == "failed":
            return _incomplete("the background check failed: %s" % told.get("msg"))
        if not _lives(int(told.get("pid", 0))):
            return _incomplete("the background check was ended before it was done")
        if time.monotonic() > deadline:
            return _incomplete("the background check goes on: it is not done after %.0f s" % params.timeout_s)
        time.sleep(0.1)


def _incomplete(why: str) -> Dict[str, Any]:
    return {"changed": False, "incomplete": why, "warnings": [why]}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return pid > 0


def _stop(pid: int, state: str) -> None:
    if state == "running" and _lives(pid):
        os.kill(pid, signal.SIGTERM)


def _read(path: str) -> Dict[str, Any]:
    try:
        with open(path) as stream:
            told: Dict[str, Any] = json.load(stream)
    except (OSError, ValueError):
        return {}
    return told


def _write(path: str, told: Dict[str, Any]) -> None:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    with open(path + ".new", "w") as stream:
        json.dump(told, stream)
    os.rename(path + ".new", path)


RETURNS = """
tables: Of each table how many rows and which checksum.
rows: How many rows in all.
incomplete: Why there are no sums.
differences: With compare: what differs, each in words.
"""

EXAMPLES = """
- name: What is in this server
  postgresql_digest:
    check: counts
  register: digest
"""
