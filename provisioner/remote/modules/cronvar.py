"""Manage variables in crontabs."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from . import cron

TRAITS = Traits(locks=("cron",))
VARIABLE = re.compile(r"^\s*(\"[^\"]*\"|'[^']*'|\w+)\s*=\s*(.*?)\s*$")


class Params(Parameters):
    """One variable of a user's crontab or of a file of /etc/cron.d."""

    name: str = required("str", "The variable.")
    value: Optional[str] = optional("str", "Its value.")
    insertafter: Optional[str] = optional("str", "Put a new variable behind this one.")
    insertbefore: Optional[str] = optional("str", "Put a new variable before this one.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    user: Optional[str] = optional("str", "Whose crontab.")
    cron_file: Optional[str] = optional("str", "A file of /etc/cron.d instead.")
    backup: bool = optional("bool", "Keep a copy of what was there.", False)


class State(NamedTuple):
    """The crontab's text; None where there is none."""

    text: Optional[str]


def _as_cron(params: Params) -> cron.Params:
    raw = {"name": params.name, "user": params.user, "cron_file": params.cron_file, "backup": params.backup}
    return cron.Params.parse({key: value for key, value in raw.items() if value is not None})


def inspect(params: Params, system: System) -> State:
    """Read the file, or ask crontab."""
    return State(cron.inspect(_as_cron(params), system).text)


def plan(params: Params, state: State) -> Change:
    """Change the line and compare."""
    if params.state == "present" and params.value is None:
        raise Failed("You must specify 'value' to insert a new cron variable")
    if params.insertafter and params.insertbefore:
        raise Failed("insertafter and insertbefore exclude each other")
    lines = (state.text or "").splitlines()
    before = list(lines)
    _edit(params, lines)
    result: Dict[str, Any] = {"vars": [name for name in map(_name, lines) if name]}
    if params.cron_file:
        result["cron_file"] = params.cron_file
    if lines == before:
        return Change(False, result=result)
    after = "".join(line + "\n" for line in lines)
    name = params.cron_file or "crontab"
    diff = {"before": state.text or "", "after": after, "before_header": name, "after_header": name}
    return Change(True, after, result, diff)


def _name(line: str) -> str:
    match = VARIABLE.match(line)
    return match.group(1).strip("\"'") if match else ""


def _value(line: str) -> str:
    match = VARIABLE.match(line)
    return _unquoted(match.group(2) if match else "")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _edit(params: Params, lines: List[str]) -> None:
    numbers = [number for number, line in enumerate(lines) if _name(line) == params.name]
    if params.state == "absent":
        for number in reversed(numbers):
            del lines[number]
        return
    bare = _unquoted(params.value or "")
    quote = "'" if '"' in bare else '"'
    line = "%s=%s" % (params.name, quote + bare + quote if re.search(r"^$|[\s#'\"]", bare) else bare)
    if numbers:
        if _value(lines[numbers[0]]) != bare:
            lines[numbers[0]] = line
        return
    beside = params.insertafter or params.insertbefore
    at = next((number for number, each in enumerate(lines) if _name(each) == beside), None) if beside else None
    if at is None:
        lines.insert(0, line)
    else:
        lines.insert(at + 1 if params.insertafter else at, line)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file, or hand the text to crontab; a file of ours that is empty now goes."""
    gone = bool(change.params.cron_file) and not change.todo.strip()
    call = Change(True, None if gone else change.todo)
    call.params, call.state = _as_cron(change.params), change.state
    return cron.apply(call, system)


RETURNS = """
vars: Names of the variables in the crontab.
cron_file: The crontab, where one was named.
"""

EXAMPLES = """
- name: Who gets the mail of root's jobs
  cronvar:
    name: MAILTO
    value: admin@example.org
    user: root
"""
