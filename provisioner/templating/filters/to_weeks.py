"""Spans of time in weeks."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_weeks(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in weeks; ``year`` (365) and ``month`` (30) are their days.

    >>> to_weeks("14d")
    2
    """
    return in_unit(human_time, "weeks", **lengths)
