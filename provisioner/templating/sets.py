"""Lists taken as sets: order stays, and items need not be hashable."""

from __future__ import annotations

from collections.abc import Iterable


def as_list(value: object) -> list[object]:
    """Return the items of whatever has some: the keys of a dictionary, the letters of a text."""
    return list(value)  # type: ignore[call-overload, no-any-return]


def distinct(items: Iterable[object]) -> list[object]:
    """Return the items, each once, in order.

    >>> distinct([2, 1, 2, {"a": 1}, {"a": 1}])
    [2, 1, {'a': 1}]
    """
    listed = list(items)
    try:
        return list(dict.fromkeys(listed))
    except TypeError:
        kept: list[object] = []
        for item in listed:
            if item not in kept:
                kept.append(item)
        return kept
