"""Powers."""

from __future__ import annotations

import math


def pow(x: float, y: float) -> float:  # noqa: A001 - the filter's name
    """Return ``x`` to the power of ``y``.

    >>> pow(5, 3)
    125.0
    """
    return math.pow(x, y)
