"""By the events of an iCalendar file, all of them or those whose summary fits a pattern.

A single event ends when it says so. One that comes again lasts as long each time, in elapsed time, as RFC 5545 has it.
Whole days last from midnight to midnight in the window's zone, where times without a zone of their own count, too.
Cancelled events do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from provisioner.model.window import Recurrence
from provisioner.scheduling.clocks import SLACK, Span, in_order, moment, whole_days


def check(recurrence: Recurrence) -> None:
    """Raise ValueError where the text is no calendar, no event fits, or a zone is needed and not given."""
    fitting = [event for event in _calendar(recurrence.text).walk("VEVENT") if _fits(event, recurrence)]
    if not fitting:
        names = sorted({str(event.get("SUMMARY", "")) for event in _calendar(recurrence.text).walk("VEVENT")})
        raise ValueError(f"no event of it fits '{recurrence.summary}'; there are: {', '.join(names)}" if names
                         else "there is no event in it")  # fmt: skip
    for event in fitting:
        if "DTSTART" not in event:
            raise ValueError(f"event '{event.get('SUMMARY', '')}' has no beginning")
        if not recurrence.zone and _is_floating(event):
            raise ValueError(f"event '{event.get('SUMMARY', '')}' names no time zone: give 'zone'")


def occurrences(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    """Yield the spans that end after a moment, in order."""
    for span in in_order(_spans(recurrence, after - SLACK)):
        if span[1] > after and span[1] > span[0]:
            yield span


def titled(recurrence: Recurrence, span: Span) -> str:
    """Return the names of the events that lie in a span."""
    events = _found(recurrence.text).between(span[0] - SLACK, span[1] + SLACK)
    names = (str(event.get("SUMMARY", "")) for event in events
             if _fits(event, recurrence) and _overlap(_span(event, recurrence), span))  # fmt: skip
    return ", ".join(dict.fromkeys(filter(None, names)))


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _spans(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    for event in _found(recurrence.text).after(after):
        if _fits(event, recurrence):
            yield _span(event, recurrence)


def _fits(event: Any, recurrence: Recurrence) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    return not recurrence.summary or fnmatchcase(str(event.get("SUMMARY", "")).lower(), recurrence.summary.lower())


def _is_floating(event: Any) -> bool:
    start = event["DTSTART"].dt
    return not isinstance(start, datetime) or start.tzinfo is None


def _span(event: Any, recurrence: Recurrence) -> Span:
    start, end, zone = event.start, event.end, recurrence.zone or "UTC"
    if isinstance(start, date) and not isinstance(start, datetime):
        return whole_days(start, max(start, end - timedelta(days=1)), zone)
    begin = moment(start, zone)
    if "RRULE" in event and start.tzinfo == end.tzinfo:
        return begin, begin + (end.replace(tzinfo=None) - start.replace(tzinfo=None))
    return begin, moment(end, zone)


@lru_cache(maxsize=16)
def _calendar(text: str) -> Calendar:
    found = Calendar.from_ical(text)
    if not isinstance(found, Calendar):
        raise ValueError("it is no calendar")
    return found


@lru_cache(maxsize=16)
def _found(text: str) -> Any:
    return recurring_ical_events.of(_calendar(text), keep_recurrence_attributes=True)
