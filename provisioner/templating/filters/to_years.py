"""Spans of time in years."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_years(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in years; ``year`` (365) and ``month`` (30) are their days.

    >>> to_years("730d")
    2
    """
    return in_unit(human_time, "years", **lengths)
