"""Keep a block of lines between two marker lines in a file."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ..change import Change, Failed
from ..params import mutually_exclusive, optional
from ..system import System
from ..system.editing import EditParameters, Text, change, read, write


class Params(EditParameters):
    """The markers tell the block from what others wrote; give each block of a file its own."""

    state: str = optional("str", "Whether the block shall be there.", "present", choices=("present", "absent"))
    block: str = optional("str", "The lines between the markers; an empty block is removed.", "", aliases=("content",))
    marker: str = optional(
        "str", "The marker line; {mark} becomes marker_begin or marker_end.", "# {mark} ANSIBLE MANAGED BLOCK"
    )
    marker_begin: str = optional("str", "What {mark} becomes above the block.", "BEGIN")
    marker_end: str = optional("str", "What {mark} becomes below the block.", "END")
    insertafter: Optional[str] = optional("str", "Where a new block goes: EOF, or behind the last line this finds.")
    insertbefore: Optional[str] = optional("str", "Where a new block goes: BOF, or before the last line this finds.")
    create: bool = optional("bool", "Whether to make a file that is not there.", False)
    append_newline: bool = optional("bool", "Whether an empty line follows the block.", False)
    prepend_newline: bool = optional("bool", "Whether an empty line comes before the block.", False)
    rules = (mutually_exclusive("insertbefore", "insertafter"),)


State = Text


def inspect(params: Params, system: System) -> Text:
    """Read the file."""
    return read(params, system)


def plan(params: Params, state: Text) -> Change:
    """Decide where the block goes and what it holds."""
    if state.content is None and not params.create:
        raise Failed("Path %s does not exist !" % state.path, rc=257)
    return change(state, lambda content: _edit(params, content, state.content is None))


def _edit(params: Params, content: bytes, is_new: bool) -> Tuple[bytes, str]:
    lines = re.findall(b"[^\n]*\n|[^\n]+$", content)
    block = _block(params)
    at = _remove_old(lines, *_marks(params))
    if block:
        _insert(params, lines, block, _place(params, lines) if at is None else at)
    after = b"".join(lines)
    if is_new:
        return after, "File created"
    if after == content:
        return after, ""
    return after, "Block inserted" if block else "Block removed"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _marks(params: Params) -> Tuple[bytes, bytes]:
    begin = params.marker.replace("{mark}", params.marker_begin)
    return _bytes(begin) + b"\n", _bytes(params.marker.replace("{mark}", params.marker_end)) + b"\n"


def _block(params: Params) -> List[bytes]:
    """Return the block's lines with their markers; none where the block shall go."""
    if params.state == "absent" or not params.block:
        return []
    text = _bytes(params.block)
    if not text.endswith(b"\n"):
        text += b"\n"
    begin, end = _marks(params)
    return [begin, *text.splitlines(True), end]


def _remove_old(lines: List[bytes], begin: bytes, end: bytes) -> Optional[int]:
    """Cut an old block out of ``lines``; return where it was."""
    first = last = None
    for index, line in enumerate(lines):
        if line.rstrip(b"\r\n") == begin.rstrip(b"\r\n"):
            first = index
        if line.rstrip(b"\r\n") == end.rstrip(b"\r\n"):
            last = index
    if first is None or last is None:
        return None
    if last < first:
        first, last = last, first
    del lines[first : last + 1]
    return first


def _place(params: Params, lines: List[bytes]) -> int:
    if params.insertbefore is None and params.insertafter in (None, "EOF"):
        return len(lines)
    if params.insertbefore == "BOF":
        return 0
    text = params.insertbefore if params.insertbefore is not None else params.insertafter or ""
    try:
        pattern = re.compile(_bytes(text))
    except re.error as error:
        raise Failed("'%s' is not a regular expression: %s" % (text, error)) from None
    if pattern.flags & re.MULTILINE:
        return _place_across_lines(pattern, lines, params.insertbefore is not None)
    found = [index for index, line in enumerate(lines) if pattern.search(line)]
    if not found:
        return len(lines)
    return found[-1] + (1 if params.insertbefore is None else 0)


def _place_across_lines(pattern: Any, lines: List[bytes], is_before: bool) -> int:
    """Return the place by an expression that may span lines: before the last match's first line, or after its last."""
    content = b"".join(lines)
    matches = list(pattern.finditer(content))
    if not matches:
        return len(lines)
    if is_before:
        return content.count(b"\n", 0, matches[-1].start())
    return content.count(b"\n", 0, matches[-1].end()) + 1


def _insert(params: Params, lines: List[bytes], block: List[bytes], at: int) -> None:
    if at > 0 and not lines[at - 1].endswith(b"\n"):
        lines[at - 1] += b"\n"
    lines[at:at] = block
    below = at + len(block)
    if params.append_newline and below < len(lines) and lines[below] != b"\n":
        lines.insert(below, b"\n")
    if params.prepend_newline and at > 0 and lines[at - 1] != b"\n":
        lines.insert(at, b"\n")


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the new text."""
    return write(change, change.state, change.params, system, "backup_file")


RETURNS = """
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: The cluster's hosts
  blockinfile:
    path: /etc/hosts
    marker: "# {mark} cluster"
    block: |
      10.0.0.1 one
      10.0.0.2 two
"""
