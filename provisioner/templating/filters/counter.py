"""How often each item is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable


def counter(sequence: Iterable[Hashable]) -> dict[Hashable, int]:
    """Return the number of times each item is in the list.

    >>> counter(["a", "b", "a"])
    {'a': 2, 'b': 1}
    """
    if isinstance(sequence, str) or not isinstance(sequence, Iterable):
        raise ValueError(f"counter: a list is wanted, not {type(sequence).__name__}")
    return dict(Counter(sequence))
