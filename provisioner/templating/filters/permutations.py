"""Every order of items."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def permutations(items: Iterable[object], length: int | None = None) -> list[tuple[object, ...]]:
    """Return all orders of ``length`` items (all where it is not given).

    >>> permutations([1, 2, 3], 2)
    [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]
    """
    return list(itertools.permutations(items, length))
