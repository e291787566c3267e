"""Writes lists of plain values as YAML, an item a line; what a server said is never taken for a template."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

HEADER = "# Drafted from a snapshot of {host}; yours to change.\n"


def flow(value: object) -> str:
    """Return a value in one line; text with template signs is marked as none.

    >>> flow({"mode": "0644", "text": "{{ x }}"})
    '{mode: "0644", text: !unsafe "{{ x }}"}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=True)
        return f"!unsafe {quoted}" if "{{" in value or "{%" in value or "{#" in value else quoted
    return json.dumps(value)


def listed(name: str, items: Iterable[object], remark: str = "") -> str:
    """Return a variable whose value is a list."""
    lines = [f"  - {flow(item)}" for item in items]
    head = f"# {remark}\n" if remark else ""
    return f"{head}{name}:\n" + "\n".join(lines) + "\n" if lines else f"{head}{name}: []\n"
