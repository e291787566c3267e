"""A diagnostic: what is wrong, where, why, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import Enum

from provisioner.records import dataclass

from .position import Position


class Severity(Enum):
    """How bad it is; errors stop a run before a host is touched."""

    ERROR = "error"
    WARNING = "warning"


class Found(Enum):
    """When Ansible would find it: while it reads files, or only when the task is carried out.

    We look for everything before a host is touched. Where a run is asked to treat mistakes as Ansible does, those of
    the second kind are left for the task to fail with, so that it can be skipped, ignored or rescued.
    """

    LOADING = "loading"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding for the user. ``summary`` says what, ``detail`` why, ``hint`` the way out.

    ``known_as`` is what Ansible calls it, where people and scripts look for that; ``known_code`` the exit code it
    gives it, 0 where that is the one of any mistake in a file.
    """

    summary: str
    position: Position | None = None
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    found: Found = Found.LOADING
    known_as: str = ""
    known_code: int = 0

    def said(self) -> str:
        """Return the finding as Ansible lays it out: what and why, then where, then the lines around it."""
        text = self.known_as or "\n".join(filter(None, (self.summary, self.detail, self.hint)))
        is_in_a_file = self.position is not None and os.path.exists(self.position.source.name)  # noqa: PTH110
        return f"{text}\n\n{_surroundings(self.position)}" if self.position and is_in_a_file else text

    def render(self) -> str:
        """Return the finding as text: ``file:line:column: error: what``, the line with a caret, why, hint."""
        return self._text(f"{self.severity.value}: ")

    def note(self) -> str:
        """Return the same for whoever tells the severity in another way."""
        return self._text("")

    def _text(self, severity: str) -> str:
        where = f"{self.position}: " if self.position else ""
        lines = [f"{where}{severity}{self.summary}"]
        if self.position is not None:
            lines += _excerpt(self.position)
        if self.detail:
            lines += [f"    {part}" for part in self.detail.splitlines()]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)


LONGEST = 400
"""How many characters of a line are shown."""


def _surroundings(position: Position) -> str:
    head = (
        f"The error appears to be in '{position.source.path}': line {position.line}, column {position.column}, "
        "but may\nbe elsewhere in the file depending on the exact syntax problem."
    )
    line = position.source.line(position.line)
    if line is None or len(line) > LONGEST:
        return head
    before = position.source.line(position.line - 1)
    shown = [*([before] if before else []), line, " " * (position.column - 1) + "^ here"]
    return f"{head}\n\nThe offending line appears to be:\n\n" + "\n".join(shown) + "\n"


def _excerpt(position: Position) -> list[str]:
    text = position.source.line(position.line)
    if text is None:
        return []
    shown, at = text.expandtabs(1), position.column - 1
    if len(shown) > LONGEST:  # the place and what stands around it
        start = max(0, at - LONGEST // 2)
        shown, at = shown[start : start + LONGEST], at - start
    return [f"    {shown}", "    " + " " * at + "^"]


class Findings:
    """Collects diagnostics so that one run reports every mistake; passed down, never global."""

    def __init__(self) -> None:
        self._items: dict[Diagnostic, None] = {}

    def error(
        self, summary: str, position: Position | None = None, *, detail: str = "", hint: str = "", known_as: str = ""
    ) -> None:
        """Record an error."""
        self.add(Diagnostic(summary, position, detail, hint, known_as=known_as))

    def warn(self, summary: str, position: Position | None = None, *, detail: str = "", hint: str = "") -> None:
        """Record a warning."""
        self.add(Diagnostic(summary, position, detail, hint, Severity.WARNING))

    def add(self, diagnostic: Diagnostic) -> None:
        """Record a diagnostic; an equal one already recorded is not repeated."""
        self._items.setdefault(diagnostic)

    def without(self, found: Found) -> Findings:
        """Return the findings that are not of this kind."""
        kept = Findings()
        kept.extend(d for d in self._items if d.found is not found)
        return kept

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
