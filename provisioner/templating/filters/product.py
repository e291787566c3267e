"""Every combination of the items of lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def product(*lists: Iterable[object], repeat: int = 1) -> list[tuple[object, ...]]:
    """Return all tuples with one item of each list.

    >>> product([1, 2], ["a", "b"])
    [(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]
    """
    return list(itertools.product(*lists, repeat=repeat))
