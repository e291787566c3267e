"""Whether a number is none."""

from __future__ import annotations

import math


def nan(value: float) -> bool:
    """Tell whether the value is "not a number".

    >>> nan(float("nan")), nan(1.0)
    (True, False)
    """
    return math.isnan(value)
