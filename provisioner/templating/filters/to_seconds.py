"""Spans of time in seconds."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_seconds(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in seconds; ``year`` (365) and ``month`` (30) are their days.

    >>> to_seconds("1m 30s")
    90
    """
    return in_unit(human_time, "seconds", **lengths)
