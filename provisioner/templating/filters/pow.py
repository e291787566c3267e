"""Powers."""

from __future__ import annotations

import math


def pow(x: float, y: float) -> float:
    """Return ``x`` to the power of ``y``.

    >>> pow(5, 3)
    125.0
    """
    try:
        return math.pow(x, y)
    except TypeError as error:
        raise ValueError(f"pow() can only be used on numbers: {error}") from error
