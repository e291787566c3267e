"""Make sure that a line is in a file, or that no such line is."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ..change import Change, Failed
from ..params import mutually_exclusive, optional
from ..system import System
from ..system.editing import EditParameters, Text, change, read, write


class Params(EditParameters):
    """Without ``regexp`` and ``search_string`` the line itself is looked for."""

    state: str = optional("str", "Whether the line shall be there.", "present", choices=("present", "absent"))
    line: Optional[str] = optional("str", "The line.", aliases=("value",))
    regexp: Optional[str] = optional(
        "str", "Finds the line to replace (the last found) or to remove.", aliases=("regex",)
    )
    search_string: Optional[str] = optional("str", "Plain text that finds the line.")
    backrefs: bool = optional("bool", "Whether line may use groups of regexp; nothing is added then.", False)
    insertafter: Optional[str] = optional("str", "Where a new line goes: EOF, or behind the last line this finds.")
    insertbefore: Optional[str] = optional("str", "Where a new line goes: BOF, or before the last line this finds.")
    firstmatch: bool = optional("bool", "Whether the first line found counts rather than the last.", False)
    create: bool = optional("bool", "Whether to make a file that is not there.", False)
    rules = (
        mutually_exclusive("insertbefore", "insertafter"),
        mutually_exclusive("regexp", "search_string"),
        mutually_exclusive("backrefs", "search_string"),
    )


State = Text


def inspect(params: Params, system: System) -> Text:
    """Read the file."""
    if params.state == "present":
        if params.backrefs and params.regexp is None:
            raise Failed("regexp is required with backrefs=true")
        if params.line is None:
            raise Failed("line is required with state=present")
    elif params.regexp is None and params.search_string is None and params.line is None:
        raise Failed("one of line, search_string, or regexp is required with state=absent")
    return read(params, system)


def plan(params: Params, state: Text) -> Change:
    """Decide which lines stay, change, come or go."""
    if params.state == "absent":
        return _absent(params, state)
    if state.content is None and not params.create:
        raise Failed("Destination %s does not exist !" % state.path, rc=257)

    def edit(content: bytes) -> Tuple[bytes, str]:
        lines = _lines(content)
        msg = _present(params, lines)
        return b"".join(lines), msg

    if state.content is None and params.backrefs:
        return Change(False, result={"msg": "", "backup": ""})
    planned = change(state, edit, {"backup": ""})
    return _warned(params, planned)


_EVERY_LINE = (
    "which will match every line in the file. "
    "This may have unintended consequences, such as replacing the last line in the file rather than appending."
)


def _warned(params: Params, planned: Change) -> Change:
    """Warn of expressions that find every line; the words are those playbooks know."""
    said = []
    if params.regexp == "":
        hint = "If this is desired, use '^' to match every line in the file and avoid this warning."
        said.append("The regular expression is an empty string, %s %s" % (_EVERY_LINE, hint))
    if params.search_string == "":
        said.append("The search string is an empty string, " + _EVERY_LINE)
    if said:
        planned.result["warnings"] = said + planned.result.get("warnings", [])
    return planned


def _lines(content: bytes) -> List[bytes]:
    """Return the lines with their newlines; a lone carriage return is part of its line."""
    return re.findall(b"[^\n]*\n|[^\n]+$", content)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _pattern(text: str, name: str) -> Any:
    try:
        return re.compile(_bytes(text))
    except re.error as error:
        raise Failed("%s '%s' is not a regular expression: %s" % (name, text, error)) from None


def _finder(params: Params) -> Any:
    """Return a function that finds a line by regexp or search_string, or None where neither is given."""
    if params.regexp is not None:
        return _pattern(params.regexp, "regexp").search
    if params.search_string is not None:
        wanted = _bytes(params.search_string)
        return lambda line: wanted in line
    return None


def _anchor(params: Params) -> Any:
    """Return the expression that finds where a new line goes, None where that is an end of the file."""
    if params.insertbefore not in (None, "BOF"):
        return _pattern(params.insertbefore or "", "insertbefore")
    if params.insertafter not in (None, "BOF", "EOF"):
        return _pattern(params.insertafter or "", "insertafter")
    return None


class _Places:
    """Where in the file the line is or belongs: index of the line found, how it was, and of the insertion point."""

    def __init__(self) -> None:
        self.found = -1
        self.match: Any = None
        self.insert = -1


def _look(params: Params, lines: List[bytes], line: bytes) -> _Places:
    places = _Places()
    find, anchor = _finder(params), _anchor(params)
    after = 1 if params.insertafter is not None else 0
    for index, each in enumerate(lines):
        match = find(each) if find else None
        if match:
            places.found, places.match = index, match
            if params.firstmatch:
                break
        elif each.rstrip(b"\r\n") == line and places.match is None:
            places.found = index
        elif anchor and anchor.search(each):
            if places.insert == -1 or not params.firstmatch:
                places.insert = index + after
            if params.firstmatch and find is None:
                break
    return places


def _present(params: Params, lines: List[bytes]) -> str:
    line = _bytes(params.line or "")
    places = _look(params, lines, line)
    if places.found != -1:
        return _replace(params, lines, line, places)
    if params.backrefs:
        return ""
    if "BOF" in (params.insertbefore, params.insertafter):
        lines.insert(0, line + b"\n")
    elif places.insert == -1 or places.insert == len(lines):
        if lines and not lines[-1].endswith((b"\n", b"\r")):
            lines[-1] += b"\n"
        lines.append(line + b"\n")
    elif params.insertafter is not None and lines[places.insert].rstrip(b"\r\n") == line:
        return ""
    else:
        lines.insert(places.insert, line + b"\n")
    return "line added"


def _replace(params: Params, lines: List[bytes], line: bytes, places: _Places) -> str:
    new = line
    if params.backrefs and places.match is not None:
        try:
            new = places.match.expand(line)
        except (re.error, IndexError) as error:
            raise Failed("line '%s' cannot be filled from regexp: %s" % (params.line, error)) from None
    if not new.endswith(b"\n"):
        new += b"\n"
    if lines[places.found] == new:
        return ""
    lines[places.found] = new
    return "line replaced"


def _absent(params: Params, state: Text) -> Change:
    if state.content is None:
        return Change(False, result={"msg": "file not present"})
    line = _bytes(params.line or "")
    find = _finder(params) or (lambda each: each.rstrip(b"\r\n") == line)
    gone = sum(1 for each in _lines(state.content) if find(each))

    def edit(content: bytes) -> Tuple[bytes, str]:
        kept = b"".join(each for each in _lines(content) if not find(each))
        return kept, "%d line(s) removed" % gone if gone else ""

    return change(state, edit, {"found": gone, "backup": ""})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the new lines."""
    return write(change, change.state, change.params, system, "backup")


RETURNS = """
backup: Where the file replaced was kept; empty where none was.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
found: How many lines were found.
"""

EXAMPLES = """
- name: No root login by password
  lineinfile:
    path: /etc/ssh/sshd_config
    regexp: '^#?PermitRootLogin '
    line: PermitRootLogin prohibit-password
    validate: /usr/sbin/sshd -t -f %s
- name: No line for a host that is gone
  lineinfile:
    path: /etc/hosts
    regexp: ' old\\.example\\.com$'
    state: absent
"""
