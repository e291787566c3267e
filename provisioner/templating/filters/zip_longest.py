"""Pairs of items of several lists, up to the longest."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def zip_longest(*lists: Iterable[object], fillvalue: object = None) -> list[tuple[object, ...]]:
    """Return first items together, second items together; ``fillvalue`` stands for what a short list lacks.

    >>> zip_longest([1, 2], ["a"], fillvalue="-")
    [(1, 'a'), (2, '-')]
    """
    return list(itertools.zip_longest(*lists, fillvalue=fillvalue))
