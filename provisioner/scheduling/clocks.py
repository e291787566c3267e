"""From the time on a wall clock to the moment it means, also in the two nights a year in which that is a question.

One rule for everything that recurs, that of RFC 5545: a time that occurs twice in a night means the first; a time that
does not occur means the moment it would be had the clock not been changed. So 02:30 in a night in which the clock jumps
from 02:00 to 03:00 means 03:30 on the wall, exactly as long after midnight as on other days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""Two moments in UTC, the second later."""

SLACK = timedelta(hours=26)
"""How far the order of wall clock times and that of the moments they mean can differ: no clock was ever put further."""


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; KeyError or ValueError where there is none of that name."""
    return ZoneInfo(name)


def moment(wall: datetime, zone: str) -> datetime:
    """Return in UTC what a time means: one with an offset means itself, one without is on the wall in ``zone``."""
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=zone_of(zone), fold=0)
    return wall.astimezone(UTC)


def on_the_wall(at: datetime, zone: str) -> datetime:
    """Return what clocks in ``zone`` show, without the zone."""
    return at.astimezone(zone_of(zone)).replace(tzinfo=None)


def whole_days(first: date, last: date, zone: str) -> Span:
    """Return the span from the first day's beginning to the last day's end."""
    after = last + timedelta(days=1)
    return moment(datetime.combine(first, time()), zone), moment(datetime.combine(after, time()), zone)


def in_order(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans by their beginning, each once, from a source that is in order but for changes of the clock."""
    waiting: list[Span] = []
    last: Span | None = None
    for span in spans:
        heappush(waiting, span)
        while waiting and waiting[0][0] + SLACK <= span[0]:
            due = heappop(waiting)
            if due != last:
                yield due
            last = due
    while waiting:
        due = heappop(waiting)
        if due != last:
            yield due
        last = due
