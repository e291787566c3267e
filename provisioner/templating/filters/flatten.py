"""Lists within lists made one list."""

from __future__ import annotations


def flatten(items: object, levels: int | None = None, skip_nulls: bool = True) -> list[object]:
    """Return the items of nested lists in one list; ``levels`` limits how deep, None and "null" are dropped.

    >>> flatten([3, [4, [2], None]]), flatten([3, [4, [2]]], levels=1)
    ([3, 4, 2], [3, 4, [2]])
    """
    flat: list[object] = []
    for item in items if isinstance(items, (list, tuple)) else [items]:
        if skip_nulls and item in (None, "None", "null"):
            continue
        if isinstance(item, (list, tuple)) and (levels is None or levels >= 1):
            flat += flatten(item, None if levels is None else levels - 1, skip_nulls)
        else:
            flat.append(item)
    return flat
