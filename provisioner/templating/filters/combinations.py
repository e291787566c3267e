"""Every choice of items."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def combinations(items: Iterable[object], length: int) -> list[tuple[object, ...]]:
    """Return all choices of ``length`` items, whatever their order.

    >>> combinations([1, 2, 3], 2)
    [(1, 2), (1, 3), (2, 3)]
    """
    return list(itertools.combinations(items, length))
