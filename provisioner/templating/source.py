"""Looks at template text before Jinja does: whether it is one, its header, its backslashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace

from jinja2 import Environment

from provisioner.templating.settings import TemplateOptions

LONE_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}\n?", re.ASCII)
"""A template that is nothing but one variable."""

CHANGES_IN_PLACE = re.compile(
    r"\.(?:append|extend|insert|pop|popitem|remove|clear|update|setdefault|sort|reverse|add|discard)\s*\("
)
"""Calls that change a list or dictionary in place: such templates work on copies."""

REFERS_TO_FILES = re.compile(r"\{%[-+]?\s*(?:include|import|extends|from)\b")
HEADER = re.compile(r"#jinja2:(.*)(?:\n|$)")


def is_template(text: str) -> bool:
    """Tell whether ``text`` holds anything for Jinja to do."""
    return "{{" in text or "{%" in text or "{#" in text


def split_header(text: str, options: TemplateOptions) -> tuple[str, TemplateOptions]:
    """Return the text without its ``#jinja2:`` line, and the options with what that line says.

    ValueError names an option that does not exist.
    """
    found = HEADER.match(text)
    if found is None:
        return text, options
    known = {field.name for field in fields(TemplateOptions)}
    changes: dict[str, object] = {}
    for name, value in _pairs(found.group(1)):
        if name not in known:
            raise ValueError(f"'{name}' in the #jinja2 line is not an option; there are {', '.join(sorted(known))}")
        changes[name] = value
    return text[found.end() :], replace(options, **changes)  # type: ignore[arg-type]


_PAIR = re.compile(r"""\s*(\w+)\s*:\s*("[^"]*"|'[^']*'|[^,]*?)\s*(?:,|$)""")


def _pairs(line: str) -> Iterator[tuple[str, object]]:
    at = 0
    while at < len(line.rstrip()):
        found = _PAIR.match(line, at)
        if found is None:
            raise ValueError(f"failed to parse jinja2 override '{line.strip()}': it is 'name: value, name: value'")
        at = found.end()
        yield found.group(1), _option(found.group(2))


def _option(written: str) -> object:
    if written[:1] in {"'", '"'}:
        return written[1:-1].encode("latin-1", "backslashreplace").decode("unicode-escape")
    return {"true": True, "false": False, "none": None, "yes": True, "no": False}.get(written.lower(), written)


def keep_backslashes(text: str, environment: Environment) -> str:
    """Double the backslashes of string constants inside ``{{ }}``, so that ``'\\1'`` reaches a filter as written."""
    if "\\" not in text or environment.variable_start_string not in text:
        return text
    parts: list[str] = []
    inside = False
    for _line, kind, value in environment.lex(text):
        if kind == "variable_begin":
            inside = True
        elif kind == "variable_end":
            inside = False
        parts.append(value.replace("\\", "\\\\") if inside and kind == "string" else value)
    return "".join(parts)


def trailing_newlines(text: str) -> int:
    """Count the newlines at the end."""
    return len(text) - len(text.rstrip("\n"))
