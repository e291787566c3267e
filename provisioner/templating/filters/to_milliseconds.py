"""Spans of time in milliseconds."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_milliseconds(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in milliseconds; ``year`` (365) and ``month`` (30) are their days.

    >>> to_milliseconds("2s")
    2000
    """
    return in_unit(human_time, "milliseconds", **lengths)
