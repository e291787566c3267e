"""Spans of time in one unit."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_time_unit(human_time: object, unit: str = "ms", **lengths: float) -> float:
    """Return ``1h 30m`` in a unit; ``year`` (365) and ``month`` (30) are their days.

    >>> to_time_unit("1h 30m", "m"), to_time_unit("2w", unit="days")
    (90, 14)
    """
    return in_unit(human_time, unit, **lengths)
