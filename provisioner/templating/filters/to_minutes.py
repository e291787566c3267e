"""Spans of time in minutes."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_minutes(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in minutes; ``year`` (365) and ``month`` (30) are their days.

    >>> to_minutes("1h 30m")
    90
    """
    return in_unit(human_time, "minutes", **lengths)
