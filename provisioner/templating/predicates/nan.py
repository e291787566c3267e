"""Whether a number is none."""

from __future__ import annotations

import math


def nan(value: object) -> bool:
    """Tell whether the value is "not a number".

    >>> nan(float("nan")), nan(1.0)
    (True, False)
    """
    try:
        return math.isnan(value)  # type: ignore[arg-type]
    except TypeError:
        return False
