"""Roots."""

from __future__ import annotations

import math


def root(x: float, base: float = 2) -> float:
    """Return the root, the square root unless ``base`` says otherwise.

    >>> root(16), round(root(125, 3), 9)
    (4.0, 5.0)
    """
    try:
        return math.sqrt(x) if base == 2 else math.pow(x, 1.0 / float(base))
    except TypeError as error:
        raise ValueError(f"root() can only be used on numbers: {error}") from error
