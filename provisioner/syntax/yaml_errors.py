"""Turns the parser's complaint into one a playbook author can act on: the right place, and the usual cause."""

from __future__ import annotations

import json
import re

from ruamel.yaml.error import MarkedYAMLError

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source

_BARE_TEMPLATE = re.compile(r"(?:^|:\s+|-\s+)\{\{.*\}\}")
_QUOTED_START = re.compile(r"(?:^\s*|[:-]\s+)(['\"])(?:(?!\1).)*\1\s*[^\s#,\]}:]")
_SECOND_COLON = re.compile(r"^\s*(?:-\s+)?[^'\"#:]+:\s+[^'\"#]*\S:(?:\s|$)")
_QUOTED_VALUE = re.compile(r"(?:^\s*|[:-]\s+)(['\"])")


def explain(source: Source, error: MarkedYAMLError) -> InputError:
    """Return the InputError for a syntax error found by the parser."""
    mark = error.problem_mark or error.context_mark
    context = str(error.context or "")
    if "quoted scalar" in context and error.context_mark is not None:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    problem = str(error.problem or "cannot be read")
    position = _shown(source, Position(source, line, column))
    detail = f"{context}, {problem}" if context else ""
    return InputError.at(
        position,
        f"YAML syntax: {problem}",
        detail="" if source.secret else detail,
        hint=_hint(source, position, error),
        known_as=_known_as(source, detail or problem),
    )


def _known_as(source: Source, problem: str) -> str:
    """Return what Ansible calls it: it takes every file for JSON first."""
    try:
        json.loads(source.text)
    except ValueError as error:
        as_json = str(error)
    else:
        as_json = "no error"
    return (
        "We were unable to read either as JSON nor YAML, these are the errors we got from each:\n"
        f"JSON: {as_json}\n\nSyntax Error while loading YAML.\n  {'' if source.secret else problem}"
    )


def _shown(source: Source, position: Position) -> Position:
    """Return the position, moved from behind the end of the text to its last line."""
    lines = source.text.splitlines()
    if position.line <= len(lines) or not lines:
        return position
    return Position(source, len(lines), len(lines[-1]) + 1)


def _hint(source: Source, position: Position, error: MarkedYAMLError) -> str:
    lines = source.text.splitlines()
    near = lines[max(0, position.line - 2) : position.line]
    line = near[-1] if near else ""
    problem = f"{error.context or ''} {error.problem or ''}"
    if any("\t" in each[: len(each) - len(each.lstrip())] for each in near):
        return "indent with spaces; YAML allows no tab there"
    if "\\t" in problem:
        return "a tab stands where YAML allows only spaces"
    for each in reversed(near):
        if _BARE_TEMPLATE.search(each):
            return 'a value that starts with {{ must be quoted as a whole: key: "{{ name }}/more"'
    if "quoted scalar" in problem:
        return "the quote that opens here is never closed"
    if any(_QUOTED_START.search(each) for each in near):
        return "text follows a closing quote: put the whole value into one pair of quotes"
    return _layout_hint(problem, line, near)


def _layout_hint(problem: str, line: str, near: list[str]) -> str:
    if "mapping values are not allowed" in problem:
        if _SECOND_COLON.search(line):
            return "a value that contains ': ' must be quoted"
        return "check the indentation of this line and the one above: a key stands deeper than its neighbours"
    if "cannot start any token" in problem:
        return "a value that starts with this character must be quoted"
    if any(_QUOTED_VALUE.search(each) and _odd_quotes(each) for each in near):
        return "a quote is opened and not closed"
    if "undefined alias" in problem or "while scanning an alias" in problem:
        return "a value that starts with * must be quoted"
    if "expected ':'" in problem:
        return "a key needs a colon and a space behind it"
    if "did not find expected" in problem or "block" in problem:
        return "check the indentation: keys of one mapping and dashes of one list must stand in the same column"
    return ""


def _odd_quotes(line: str) -> bool:
    return line.count('"') % 2 == 1 or line.count("'") % 2 == 1
