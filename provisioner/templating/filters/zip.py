"""Pairs of items of several lists."""

from __future__ import annotations

import builtins
from collections.abc import Iterable


def zip(*lists: Iterable[object]) -> list[tuple[object, ...]]:
    """Return first items together, second items together, up to the shortest list.

    >>> zip([1, 2, 3], ["a", "b"])
    [(1, 'a'), (2, 'b')]
    """
    return list(builtins.zip(*lists, strict=False))
