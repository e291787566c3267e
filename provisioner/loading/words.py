"""Splits the old one-line style ``copy: src=a dest="b c"`` and the free form ``command: ls -l chdir=/tmp``."""

from __future__ import annotations

import re
from collections.abc import Callable

from provisioner.records import dataclass

_PAIR = re.compile(r"((?:[A-Za-z_]|\{\{.*?\}\})(?:[\w.-]|\{\{.*?\}\})*)=", re.DOTALL)
_OPEN = {"{{": "}}", "{%": "%}", "{#": "#}"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\\'\"abfnrtv])")


class Unbalanced(ValueError):
    """A quote or a template is opened and never closed."""


@dataclass(frozen=True, slots=True)
class Split:
    """A split text: pairs in order, and what is left of it."""

    pairs: dict[str, str]
    rest: str


def split_pairs(text: str, is_pair: Callable[[str], bool]) -> Split:
    """Take ``name=value`` words out of ``text`` where ``is_pair(name)``; the rest keeps its spacing."""
    pairs: dict[str, str] = {}
    kept: list[str] = []
    last = 0
    for start, end in _spans(text):
        match = _PAIR.match(text, start, end)
        if match is None or not is_pair(match[1]):
            continue
        pairs[match[1]] = _value(text[match.end() : end])
        kept.append(text[last:start].rstrip(" \t") if kept or text[last:start].strip() else "")
        last = end
    kept.append(text[last:])
    return Split(pairs, "".join(kept).strip() if pairs else text.strip())


def without_continuations(text: str) -> str:
    """Leave out backslashes that stand alone, which say that the line goes on; in quotes nothing is touched."""
    if "\\" not in text:
        return text
    kept: list[str] = []
    position = 0
    while position < len(text):
        is_alone = text[position] == "\\" and text[position + 1 : position + 2].isspace()
        if is_alone and (not kept or kept[-1][-1].isspace()):
            ends_line = text[position + 1] == "\n"
            position += 2
            while ends_line and position < len(text) and text[position] in " \t":
                position += 1
            continue
        after = _step(text, position)
        kept.append(text[position:after])
        position = after
    return "".join(kept)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each word; quotes and templates hold words together."""
    spans = []
    start, position = -1, 0
    while position < len(text):
        if text[position].isspace():
            if start >= 0:
                spans.append((start, position))
                start = -1
            position += 1
            continue
        if start < 0:
            start = position
        position = _step(text, position)
    if start >= 0:
        spans.append((start, len(text)))
    return spans


def _step(text: str, position: int) -> int:
    """Return the position behind the character, the quoted part or the template that begins at ``position``."""
    character = text[position]
    if character == "\\":
        return min(position + 2, len(text))
    opened = text[position : position + 2]
    if opened in _OPEN:
        end = text.find(_OPEN[opened], position + 2)
        if end < 0:
            raise Unbalanced(f"'{opened}' is never closed")
        return end + 2
    if character in "'\"":
        return _behind_quote(text, position)
    return position + 1


def _behind_quote(text: str, position: int) -> int:
    quote = text[position]
    place = position + 1
    while place < len(text) and text[place] != quote:
        place += 2 if text[place] == "\\" else 1
    if place >= len(text):
        raise Unbalanced(f"the quote {quote} is never closed")
    return place + 1


def _value(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return _ESCAPE.sub(lambda match: match[0].encode().decode("unicode_escape"), text) if "\\" in text else text
