"""Logarithms."""

from __future__ import annotations

import math


def log(x: float, base: float = math.e) -> float:
    """Return the logarithm, natural unless a base is given.

    >>> log(8, 2), log(100, 10)
    (3.0, 2.0)
    """
    try:
        if base == 10:
            return math.log10(x)
        return math.log2(x) if base == 2 else math.log(x, base)
    except TypeError as error:
        raise ValueError(f"log() can only be used on numbers: {error}") from error
