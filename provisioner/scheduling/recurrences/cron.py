"""By a cron expression of five fields, each match the beginning of a span.

Minutes and hours that are written out are times on the wall: see ``scheduling.clocks`` for the nights in which the
clock is changed. Where minute or hour begin with a star the spans follow elapsed time: there are more or fewer of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from provisioner.model.window import Recurrence
from provisioner.scheduling.clocks import SLACK, Span, in_order, moment, on_the_wall, zone_of


def check(recurrence: Recurrence) -> None:
    """Raise ValueError where the expression is none, or matches no day at all."""
    if len(recurrence.text.split()) != 5:
        raise ValueError("a cron expression has five fields: minute, hour, day of month, month, day of week")
    try:
        first = next(CronSim(recurrence.text, datetime(2000, 1, 1)), None)  # noqa: DTZ001 - on the wall
    except CronSimError as error:
        raise ValueError(str(error).lower()) from None
    if first is None:
        raise ValueError("it matches no day")


def occurrences(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    """Yield the spans that end after a moment, in order, without end."""
    lasts = timedelta(seconds=recurrence.duration_s)
    begin = after - lasts - SLACK
    for span in in_order((start, start + lasts) for start in _starts(recurrence, begin)):
        if span[1] > after:
            yield span


def _starts(recurrence: Recurrence, begin: datetime) -> Iterator[datetime]:
    minute, hour, *_ = recurrence.text.split()
    if minute.startswith("*") or hour.startswith("*"):
        local = begin.astimezone(zone_of(recurrence.zone))
        return (moment(each, recurrence.zone) for each in CronSim(recurrence.text, local))
    wall = on_the_wall(begin, recurrence.zone)
    return (moment(each, recurrence.zone) for each in CronSim(recurrence.text, wall))
