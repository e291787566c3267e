"""A random number or item."""

from __future__ import annotations

import random as chance
from collections.abc import Iterable, Sequence


def random(end: object, start: int | None = None, step: int | None = None, seed: object = None) -> object:
    """Return a random item of a list, or a number below ``end``; with ``seed`` always the same one.

    >>> random(60, seed="web1") == random(60, seed="web1"), random(["only"])
    (True, 'only')
    """
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # type: ignore[arg-type]  # noqa: S311
    if isinstance(end, int):
        return source.randrange(start or 0, end, step or 1)
    if start or step:
        raise ValueError("start and step can only be used with integer values")
    if not isinstance(end, Iterable):
        raise ValueError("random can only be used on sequences and integers")
    items = end if isinstance(end, Sequence) else list(end)
    return source.choice(items)
