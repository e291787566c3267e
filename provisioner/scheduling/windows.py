"""Which spans of time a window means: the next ones, whether it is open, how long it still is. Pure: told the time.

A span that touches a freeze is left out as a whole, never shortened: what was planned to fit a window shall not find a
part of it. Spans of several rules that touch or overlap are one opening.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import islice

from provisioner import catalog
from provisioner.model.window import Days, Freeze, Recurrence, Repeated, Rule, Window, YearlyDays
from provisioner.records import dataclass
from provisioner.scheduling.clocks import Span, on_the_wall, whole_days, zone_of

HORIZON = timedelta(days=3660)
"""How far ahead is looked; a window that does not open in ten years never does."""
MOST = 20_000
"""How many spans are looked at in one question: with a span a minute, two weeks."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which the window is open, or would be but for ``frozen``, the reasons why it is not. Times in UTC."""

    start: datetime
    end: datetime
    zone: str
    frozen: tuple[str, ...] = ()

    @property
    def length_s(self) -> float:
        """Return how many seconds pass between the two ends."""
        return (self.end - self.start).total_seconds()

    def local(self) -> Span:
        """Return both ends as they are in the window's zone."""
        zone = zone_of(self.zone)
        return self.start.astimezone(zone), self.end.astimezone(zone)


def spans(window: Window, after: datetime) -> Iterator[Opening]:
    """Yield every span that ends after a moment, those that are frozen too, by their beginning."""
    streams = [_of_rule(rule, after) for rule in window.rules]
    ordered = merge(*streams, key=lambda each: (each.start, each.end))
    for each in islice(ordered, MOST):
        if each.start > after + HORIZON:
            return
        yield each


def openings(window: Window, after: datetime) -> Iterator[Opening]:
    """Yield the openings that end after a moment, spans that touch joined."""
    current: Opening | None = None
    for each in spans(window, after):
        if each.frozen:
            continue
        if current is None:
            current = each
        elif each.start <= current.end:
            current = replace(current, end=max(current.end, each.end))
        else:
            yield current
            current = each
    if current is not None:
        yield current


def agenda(window: Window, after: datetime, count: int) -> list[Opening]:
    """Return the next ``count`` openings and, among them, the spans that a freeze takes away."""
    found = list(islice(openings(window, after), count))
    until = found[-1].start if len(found) == count and found else after + HORIZON
    frozen: list[Opening] = []
    for each in spans(window, after):
        if each.start > until or len(frozen) >= max(count, 1) * 10:
            break
        if each.frozen:
            frozen.append(each)
    return sorted([*found, *frozen], key=lambda each: (each.start, bool(each.frozen), each.end))


def open_at(window: Window, now: datetime) -> Opening | None:
    """Return the opening that ``now`` lies in; its first moment belongs to it, its last does not."""
    first = next(openings(window, now), None)
    return first if first is not None and first.start <= now < first.end else None


def next_opening(window: Window, now: datetime) -> Opening | None:
    """Return the next opening that begins after ``now``, None where there is none in ten years."""
    return next((each for each in openings(window, now) if each.start > now), None)


def remaining_s(window: Window, now: datetime) -> float:
    """Return for how many seconds the window is still open; 0 where it is shut."""
    opening = open_at(window, now)
    return (opening.end - now).total_seconds() if opening is not None else 0.0


def _of_rule(rule: Rule, after: datetime) -> Iterator[Opening]:
    zone = rule.recurrence.zone or "UTC"
    for start, end in occurrences(rule.recurrence, after):
        reasons = (_reason(each, (start, end), zone) for each in rule.freezes)
        yield Opening(start, end, zone, tuple(filter(None, reasons)))


def occurrences(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    """Yield the spans of a recurrence that end after a moment."""
    found: Iterator[Span] = catalog.load("recurrence", recurrence.kind).occurrences(recurrence, after)
    return found


def _reason(freeze: Freeze, span: Span, zone: str) -> str:
    """Return why a span is frozen, nothing where it is not."""
    match freeze:
        case Days(first, last, why):
            return _named(first, last, why) if _overlap(span, whole_days(first, last, zone)) else ""
        case YearlyDays():
            return _yearly(freeze, span, zone)
        case Repeated(recurrence, why):
            return _repeated(recurrence, why, span)


def _yearly(freeze: YearlyDays, span: Span, zone: str) -> str:
    first, last = freeze.first, freeze.last
    for year in range(on_the_wall(span[0], zone).year - 1, on_the_wall(span[1], zone).year + 1):
        begin, end = _day(year, first), _day(year + (last < first), last)
        if _overlap(span, whole_days(begin, end, zone)):
            return _named(begin, end, freeze.why)
    return ""


def _day(year: int, written: tuple[int, int]) -> date:
    """Return a day of a year; 29 February is the 28th where there is none."""
    month, day = written
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)


def _repeated(recurrence: Recurrence, why: str, span: Span) -> str:
    for each in occurrences(recurrence, span[0]):
        if each[0] >= span[1]:
            return ""
        if recurrence.kind != "calendar":
            return why or "a freeze"
        title: str = catalog.load("recurrence", "calendar").titled(recurrence, span)
        return why or title or recurrence.file
    return ""


def _named(first: date, last: date, why: str) -> str:
    days = f"{first}" if first == last else f"{first} to {last}"
    return f"{why} ({days})" if why else days


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
