"""Pairs as a dictionary."""

from __future__ import annotations

import builtins
from collections.abc import Iterable


def dict(sequence: Iterable[tuple[object, object]]) -> builtins.dict[object, object]:
    """Return the dictionary of a list of pairs.

    >>> dict([("a", 1), ["b", 2]])
    {'a': 1, 'b': 2}
    """
    return builtins.dict(sequence)
