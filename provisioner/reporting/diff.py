"""What changed inside a file, as a unified diff."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff

from provisioner.reporting.paint import Paint

NO_NEWLINE = "\\ No newline at end of file"


def diff_lines(result: Mapping[str, object]) -> Iterator[str]:
    """Return the lines to show for a result's ``diff``: one mapping, or a list of them."""
    found = result.get("diff")
    for diff in found if isinstance(found, (list, tuple)) else [found]:
        if isinstance(diff, Mapping):
            yield from _one(diff)


def coloured(line: str, paint: Paint) -> str:
    """Return a diff line in its colour."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return paint(line, colours.get(line[:1], ""))


def _one(diff: Mapping[str, object]) -> Iterator[str]:
    if prepared := diff.get("prepared"):
        yield from str(prepared).splitlines()
    for reason in ("dst_binary", "src_binary", "dst_larger", "src_larger"):
        if reason in diff:
            yield f"diff skipped: {reason[:3]} is {'binary' if 'binary' in reason else 'too large'}"
    if "before" not in diff and "after" not in diff:
        return
    before, after = _text(diff.get("before")), _text(diff.get("after"))
    if before == after:
        return
    headers = (f"before{_header(diff, 'before_header')}", f"after{_header(diff, 'after_header')}")
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for line in unified_diff(old, new, *headers):
        yield line.rstrip("\n")
        if not line.endswith("\n"):
            yield NO_NEWLINE


def _header(diff: Mapping[str, object], name: str) -> str:
    value = diff.get(name)
    return f": {value}" if value else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=4, sort_keys=True, default=str) + "\n"
