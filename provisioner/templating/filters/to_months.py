"""Spans of time in months."""

from __future__ import annotations

from provisioner.templating.durations import in_unit


def to_months(human_time: object, **lengths: float) -> float:
    """Return ``1h 30m`` in months; ``year`` (365) and ``month`` (30) are their days.

    >>> to_months("60d")
    2
    """
    return in_unit(human_time, "months", **lengths)
