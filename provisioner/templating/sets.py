"""Lists taken as sets: order stays, and items need not be hashable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def as_list(value: object, who: str) -> list[object]:
    """Return the items of ``value``; a string or number is refused, with the filter's name."""
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ValueError(f"{who}: a list is wanted, not {type(value).__name__}")
    return list(value)


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
