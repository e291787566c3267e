"""Chooses one of two values."""

from __future__ import annotations


def ternary(value: object, true_val: object, false_val: object, none_val: object = None) -> object:
    """Return ``true_val`` or ``false_val``; ``none_val`` where it is given and the value is None.

    >>> ternary(1 > 0, "up", "down"), ternary(None, "yes", "no", "unset")
    ('up', 'unset')
    """
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val
