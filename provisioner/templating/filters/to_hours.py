"""Spans of time in hours."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_hours(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in hours; ``year`` (365) and ``month`` (30) are their days.

    >>> to_hours("2d")
    48
    """
    return in_unit(human_time, "hours", **lengths)
