"""Joins dictionaries, with a choice of what becomes of lists."""

from __future__ import annotations

from collections.abc import Mapping

LIST_MERGES = ("replace", "keep", "append", "prepend", "append_rp", "prepend_rp")


def merge(
    low: Mapping[object, object], high: Mapping[object, object], recursive: bool = True, lists: str = "replace"
) -> dict[object, object]:
    """Return ``low`` with ``high`` over it; neither is changed.

    >>> merge({"a": {"x": 1}, "l": [1, 2]}, {"a": {"y": 2}, "l": [2, 3]}, lists="append_rp")
    {'a': {'x': 1, 'y': 2}, 'l': [1, 2, 3]}
    """
    if lists not in LIST_MERGES:
        raise ValueError(f"list_merge is one of {', '.join(LIST_MERGES)}, not '{lists}'")
    joined = dict(low)
    for key, value in high.items():
        known = joined.get(key)
        if recursive and isinstance(known, Mapping) and isinstance(value, Mapping):
            joined[key] = merge(known, value, recursive, lists)
        elif isinstance(known, list) and isinstance(value, list):
            joined[key] = _joined(known, value, lists)
        else:
            joined[key] = value
    return joined


def _joined(low: list[object], high: list[object], lists: str) -> list[object]:
    match lists:
        case "keep":
            return low
        case "append":
            return low + high
        case "prepend":
            return high + low
        case "append_rp":
            return [item for item in low if item not in high] + high
        case "prepend_rp":
            return high + [item for item in low if item not in high]
    return high
