"""A diagnostic: what is wrong, where, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .position import Position


class Severity(Enum):
    """How bad it is; errors stop a run before a host is touched."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding for the user. ``summary`` says what, ``detail`` why, ``hint`` the way out."""

    summary: str
    position: Position | None = None
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    def render(self) -> str:
        """Return the finding as text: ``file:line:column: error: what``, the line with a caret, why, hint."""
        where = f"{self.position}: " if self.position else ""
        lines = [f"{where}{self.severity.value}: {self.summary}"]
        if self.position is not None:
            lines += _excerpt(self.position)
        if self.detail:
            lines += [f"    {part}" for part in self.detail.splitlines()]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)


def _excerpt(position: Position) -> list[str]:
    text = position.source.line(position.line)
    if text is None:
        return []
    shown = text.expandtabs(1)
    return [f"    {shown}", "    " + " " * (position.column - 1) + "^"]


class Findings:
    """Collects diagnostics so that one run reports every mistake; passed down, never global."""

    def __init__(self) -> None:
        self._items: dict[Diagnostic, None] = {}

    def error(self, summary: str, position: Position | None = None, *, detail: str = "", hint: str = "") -> None:
        """Record an error."""
        self.add(Diagnostic(summary, position, detail, hint))

    def warn(self, summary: str, position: Position | None = None, *, detail: str = "", hint: str = "") -> None:
        """Record a warning."""
        self.add(Diagnostic(summary, position, detail, hint, Severity.WARNING))

    def add(self, diagnostic: Diagnostic) -> None:
        """Record a diagnostic; an equal one already recorded is not repeated."""
        self._items.setdefault(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def all(self) -> Sequence[Diagnostic]:
        """Everything recorded, in order of appearance."""
        return tuple(self._items)

    @property
    def errors(self) -> Sequence[Diagnostic]:
        """The errors alone."""
        return tuple(d for d in self._items if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> Sequence[Diagnostic]:
        """The warnings alone."""
        return tuple(d for d in self._items if d.severity is Severity.WARNING)
