"""When something may run: recurring spans of time in a named time zone, less the days on which nothing may run.

Only what was written, checked; which spans come of it is worked out in ``scheduling.windows``.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime
from typing import TypeAlias

from provisioner.diagnostics.position import Position
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Spans that come again. ``kind`` names the file that works them out: cron, rrule, calendar, dates.

    ``text`` is the expression, or a calendar file's content; ``zone`` the name of the time zone in which its times
    count. ``start`` and ``end`` belong to rrule (start) and dates; without an offset they are times of that zone.
    ``summary`` chooses events of a calendar by name, ``file`` is the calendar's name for people.
    """

    kind: str
    text: str = field(default="", repr=False)
    zone: str = ""
    duration_s: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    summary: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of the window's zone, both ends included."""

    first: date
    last: date
    why: str = ""


@dataclass(frozen=True, slots=True)
class YearlyDays:
    """Whole days that come each year, as (month, day), both ends included; the last may lie in the next year."""

    first: tuple[int, int]
    last: tuple[int, int]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What a recurrence says: the events of a calendar, or a span between two moments."""

    recurrence: Recurrence
    why: str = ""


Freeze: TypeAlias = Days | YearlyDays | Repeated
"""A time in which no window opens."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One recurrence and the freezes that count for it."""

    recurrence: Recurrence
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """All rules of a ``window``: it is open while the spans of one of them are."""

    rules: tuple[Rule, ...]
    position: Position | None = field(default=None, compare=False)
