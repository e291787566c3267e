"""Spans of time in days."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_days(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in days; ``year`` (365) and ``month`` (30) are their days.

    >>> to_days("2w")
    14
    """
    return in_unit(human_time, "days", **lengths)
