"""Where in which text something stands, and strings that remember it."""

from __future__ import annotations

import os
from dataclasses import field

from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One text that was read: a file, a command-line argument, an inline value.

    The text is kept so that a diagnostic can show the line. A source that came out of a vault is ``secret``:
    its lines are never shown.
    """

    name: str
    text: str = field(default="", repr=False, compare=False)
    secret: bool = False

    @property
    def path(self) -> str:
        """The name as an absolute path, where it is that of a file."""
        return os.path.abspath(self.name) if os.path.exists(self.name) else self.name  # noqa: PTH100, PTH110 - as named

    def line(self, number: int) -> str | None:
        """Return line ``number`` (1-based) or None where it may not or cannot be shown."""
        if self.secret or number < 1:
            return None
        lines = self.text.splitlines()
        return lines[number - 1] if number <= len(lines) else None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source; line and column count from 1, as editors do."""

    source: Source
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


class Text(str):
    """A string from a source that knows where it was written.

    It compares, hashes and serialises as the plain string; ``position`` is for diagnostics only.
    """

    __slots__ = ("position",)

    position: Position | None

    def __new__(cls, value: str, position: Position | None = None) -> Text:
        """Make a string that carries ``position``."""
        text = super().__new__(cls, value)
        text.position = position
        return text


class Unsafe(Text):
    """A string that is never a template, whatever it contains (the ``!unsafe`` tag)."""

    __slots__ = ()


def position_of(value: object) -> Position | None:
    """Return the best known position of a loaded value: its own, else that of its first key or item."""
    if isinstance(value, Text):
        return value.position
    if isinstance(value, dict):
        return next((p for p in map(position_of, value) if p), None)
    if isinstance(value, (list, tuple)):
        return next((p for p in map(position_of, value) if p), None)
    return None
