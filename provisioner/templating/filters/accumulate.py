"""Running totals."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any


def accumulate(sequence: Iterable[Any]) -> list[Any]:
    """Return each item joined with all before it: sums of numbers, longer and longer texts.

    >>> accumulate([1, 2, 3]), accumulate(["a", "b"])
    ([1, 3, 6], ['a', 'ab'])
    """
    return list(itertools.accumulate(sequence))
