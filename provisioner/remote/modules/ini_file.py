"""Manage sections and options of INI files."""

import io
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..params import FileParameters, Parameters, mutually_exclusive, optional, required
from ..system import System, attributes, editing
from ..system.placing import Placing, place

BOM = b"\xef\xbb\xbf"
FILLER = re.compile(r"^[ \t]*([#;].*)?$")
HEADER = re.compile(r"^\[\s*(.*?)\s*\]")


class Condition(Parameters):
    """An option that tells one section from others of the same name."""

    option: str = required("str", "The option.", aliases=("name", "key"))
    value: Optional[str] = optional("str", "The value it must have.")
    values: Optional[List[str]] = optional("list", "The values it must have.", elements="str")
    rules = (mutually_exclusive("value", "values"),)


class Params(FileParameters):
    """Without a section the option is looked for above the first one."""

    path: str = required("path", "The file.", aliases=("dest",))
    section: Optional[str] = optional("str", "The section.")
    section_has_values: Optional[List[Condition]] = optional(
        "list", "Which of several sections of that name is meant.", elements="dict", options=Condition
    )
    option: Optional[str] = optional("str", "The option; without it the section as a whole is meant.")
    value: Optional[str] = optional("str", "The option's value.")
    values: Optional[List[str]] = optional("list", "The values of an option that may occur often.", elements="str")
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    state: str = optional("str", "Whether it shall be there.", "present", choices=("absent", "present"))
    exclusive: bool = optional("bool", "Whether no other values of the option may be there.", True)
    no_extra_spaces: bool = optional("bool", "Write no blanks around the equals sign.", False)
    ignore_spaces: bool = optional("bool", "Leave a line alone that differs in blanks only.", False)
    create: bool = optional("bool", "Make a file that is not there.", True)
    allow_no_value: bool = optional("bool", "Accept an option without a value.", False)
    modify_inactive_option: bool = optional("bool", "Use a commented line of the option for the new one.", True)
    follow: bool = optional("bool", "Write through a link instead of replacing it.", False)
    rules = (mutually_exclusive("value", "values"),)
    validate: Optional[str] = None


State = editing.Text


class Span(NamedTuple):
    """The lines of one section, header left out: ``start`` to ``end`` (not included)."""

    start: int
    end: int


def inspect(params: Any, system: System) -> editing.Text:
    """Read the file."""
    return editing.read(params, system)


def plan(params: Params, state: editing.Text) -> Change:
    """Change the lines and compare."""
    if state.content is None and params.state == "absent":
        return Change(False, result={"msg": "OK", "path": params.path})
    if state.content is None and not params.create:
        raise Failed("Destination %s does not exist!" % params.path, rc=257)
    if params.state == "present" and params.option and not _wanted(params) and not params.allow_no_value:
        raise Failed("Parameter 'value(s)' must be defined if state=present and option is given.")

    def edit(content: bytes) -> Tuple[bytes, str]:
        bom = BOM if content.startswith(BOM) else b""
        lines = content[len(bom) :].decode("utf-8", "surrogateescape").splitlines(True)
        said = _edit(params, lines)
        return bom + "".join(lines).encode("utf-8", "surrogateescape"), said

    planned = editing.change(state, edit)
    planned.result["msg"] = planned.result["msg"] or "OK"
    planned.result["path"] = params.path
    return planned


def _wanted(params: Any) -> List[Optional[str]]:
    if params.value is not None:
        return [params.value]
    return list(dict.fromkeys(params.values or []))


def _edit(params: Params, lines: List[str]) -> str:
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    spans = _spans(params.section or "", lines)
    span = next((each for each in spans if _meets(params, lines[each.start : each.end])), None)
    if params.state == "absent":
        return _absent(params, lines, span)
    if span is None:
        return _new_section(params, lines)
    if not params.option:
        return ""
    body = lines[span.start : span.end]
    said = _present(params, body)
    lines[span.start : span.end] = body
    return said


def _spans(section: str, lines: List[str]) -> List[Span]:
    found: List[Span] = []
    start: Optional[int] = None if section else 0
    for number, line in enumerate(lines):
        header = HEADER.match(line)
        if not header:
            continue
        if start is not None:
            found.append(Span(start, number))
        start = number + 1 if section and header.group(1) == section.strip() else None
    if start is not None:
        found.append(Span(start, len(lines)))
    return found


def _meets(params: Params, body: List[str]) -> bool:
    for condition in params.section_has_values or []:
        there = [match.group(2) for match in map(_finder(condition.option, False), body) if match]
        wanted = _wanted(condition)
        if not there or any(value not in there for value in wanted):
            return False
    return True


def _finder(option: str, inactive: bool) -> Any:
    """Return a function that matches a line of the option; its groups are the comment mark and the value."""
    mark = "([#;]?)" if inactive else "()"
    return re.compile(r"^[ \t]*%s[ \t]*%s[ \t]*(?:=[ \t]*(.*?))?[ \t]*\r?$" % (mark, re.escape(option)), re.M).match


def _line(params: Params, option: str, value: Optional[str]) -> str:
    if value is None:
        return option + "\n"
    return ("%s=%s\n" if params.no_extra_spaces else "%s = %s\n") % (option, value)


def _new_section(params: Params, lines: List[str]) -> str:
    if params.section:
        lines.append("[%s]\n" % params.section)
    for condition in params.section_has_values or []:
        lines += [_line(params, condition.option, value) for value in _wanted(condition) or [None]]
    if not params.option:
        return "only section added"
    lines += [_line(params, params.option, value) for value in _wanted(params) or [None]]
    return "section and option added"


def _present(params: Params, body: List[str]) -> str:
    option = params.option or ""
    left = _wanted(params) or [None]
    before = list(body)
    kept = _keep(params, body, left)
    if params.exclusive:
        _replace(params, body, left, kept)
    had = any(map(_finder(option, False), before))
    at = max((number + 1 for number, line in enumerate(body) if line and not FILLER.match(line)), default=0)
    body[at:at] = [_line(params, option, value) for value in left]
    body[:] = [line for line in body if line]
    if body == before:
        return ""
    return "option changed" if had or len(body) == len(before) else "option added"


def _keep(params: Params, body: List[str], left: List[Optional[str]]) -> List[int]:
    """Take from ``left`` the values that stand already, spelling them as wished; return the numbers of their lines."""
    find = _finder(params.option or "", False)
    kept = []
    for number, line in enumerate(body):
        match = find(line)
        if match and match.group(2) in left:
            left.remove(match.group(2))
            kept.append(number)
            if not params.ignore_spaces:
                body[number] = _line(params, params.option or "", match.group(2))
    return kept


def _replace(params: Params, body: List[str], left: List[Optional[str]], kept: List[int]) -> None:
    """Put values left into lines of the option; an active line that has no use is emptied."""
    find = _finder(params.option or "", params.modify_inactive_option)
    for number, line in enumerate(body):
        match = find(line)
        if not match or number in kept:
            continue
        if left:
            body[number] = _line(params, params.option or "", left.pop(0))
        elif not match.group(1):
            body[number] = ""


def _absent(params: Params, lines: List[str], span: Optional[Span]) -> str:
    if span is None:
        return ""
    if not params.option:
        if not params.section:
            return ""
        del lines[span.start - 1 : span.end]
        return "section removed"
    find, wanted = _finder(params.option, False), _wanted(params)
    kept = []
    for line in lines[span.start : span.end]:
        match = find(line)
        if not match or (not params.exclusive and match.group(2) not in wanted):
            kept.append(line)
    if len(kept) == span.end - span.start:
        return ""
    lines[span.start : span.end] = kept
    return "option changed"


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file and set its attributes."""
    params, text = change.params, change.state
    result: Dict[str, Any] = {}
    if change.todo is not None:
        if text.folders:
            system.files.makedirs(os.path.dirname(text.path))
        how = Placing(params.backup, None, params.unsafe_writes, params.follow)
        done = place(system, text.path, io.BytesIO(change.todo), text.want, how)
        if "backup_file" in done:
            result["backup_file"] = done["backup_file"]
    attributes.settle(system, text.path, text.want)
    return result


RETURNS = """
path: The file.
state: What the path is: file.
backup_file: Where the file replaced was kept.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
"""

EXAMPLES = """
- name: More memory for scripts
  ini_file:
    path: /etc/php/8.2/fpm/php.ini
    section: PHP
    option: memory_limit
    value: 256M
- name: Two name servers, no others
  ini_file:
    path: /etc/systemd/resolved.conf
    section: Resolve
    option: DNS
    values: [192.0.2.1, 192.0.2.2]
    no_extra_spaces: true
- name: A section that is no longer needed
  ini_file:
    path: /etc/app.ini
    section: debug
    state: absent
"""
