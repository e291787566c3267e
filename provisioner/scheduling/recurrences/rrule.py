"""By a recurrence rule of RFC 5545 (``FREQ=MONTHLY;BYDAY=2SA``) that counts from ``start``.

Times are those on the wall: see ``scheduling.clocks`` for the nights in which the clock is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

from provisioner.model.window import Recurrence
from provisioner.scheduling.clocks import SLACK, Span, in_order, moment, on_the_wall

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.IGNORECASE)


def check(recurrence: Recurrence) -> None:
    """Raise ValueError where the rule is none, comes more often than daily, or never."""
    if recurrence.start is None:
        raise ValueError("a recurrence rule needs 'start': the first day and time from which it counts")
    text = recurrence.text.upper()
    if "\n" in text.strip() or "DTSTART" in text:
        raise ValueError("write the rule alone, in one line; 'start' and 'except' have keys of their own")
    parts = dict(part.partition("=")[::2] for part in text.removeprefix("RRULE:").split(";"))
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(FREQUENCIES)}; for several spans a day give BYHOUR, or cron")
    try:
        first = next(iter(_rule(recurrence)), None)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(str(error)) from None
    if first is None:
        raise ValueError("it matches no day")


def occurrences(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    """Yield the spans that end after a moment, in order."""
    lasts = timedelta(seconds=recurrence.duration_s)
    begin = on_the_wall(after - lasts - SLACK, recurrence.zone)
    starts = (moment(each, recurrence.zone) for each in _rule(recurrence).xafter(begin, inc=True))
    for span in in_order((start, start + lasts) for start in starts):
        if span[1] > after:
            yield span


@lru_cache(maxsize=64)
def _rule(recurrence: Recurrence) -> rrule:
    """Return the rule over times without a zone; an UNTIL in UTC, which the RFC asks for, becomes one of them."""
    if recurrence.start is None:
        raise ValueError("a recurrence rule needs 'start'")
    start = recurrence.start
    if start.tzinfo is not None:
        start = on_the_wall(start, recurrence.zone)

    def local(match: re.Match[str]) -> str:
        at = datetime.strptime(match[1].upper(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={on_the_wall(at, recurrence.zone):%Y%m%dT%H%M%S}"

    found = rrulestr(_UNTIL.sub(local, recurrence.text), dtstart=start)
    if not isinstance(found, rrule):
        raise ValueError("one rule is wanted, not a set of them")
    return found
