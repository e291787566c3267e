"""Once, between two moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from provisioner.model.window import Recurrence
from provisioner.scheduling.clocks import Span, moment


def check(recurrence: Recurrence) -> None:
    """Raise ValueError where the end is not after the beginning."""
    start, end = _span(recurrence)
    if end <= start:
        raise ValueError("it ends before it begins")


def occurrences(recurrence: Recurrence, after: datetime) -> Iterator[Span]:
    """Yield the span unless it is over."""
    start, end = _span(recurrence)
    if end > after:
        yield start, end


def _span(recurrence: Recurrence) -> Span:
    if recurrence.start is None or recurrence.end is None:
        raise ValueError("it needs both ends")
    return moment(recurrence.start, recurrence.zone), moment(recurrence.end, recurrence.zone)
