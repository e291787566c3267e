"""A list in random order."""

from __future__ import annotations

import random as chance
from collections.abc import Iterable


def shuffle(mylist: object, seed: object = None) -> object:
    """Return the items in random order; with ``seed`` always the same one. What has no items is returned itself.

    >>> len(shuffle([3, 1, 2])), shuffle([1, 2, 3], seed="a") == shuffle([1, 2, 3], seed="a")
    (3, True)
    """
    if not isinstance(mylist, Iterable):
        return mylist
    items = list(mylist)
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # type: ignore[arg-type]  # noqa: S311
    source.shuffle(items)
    return items
