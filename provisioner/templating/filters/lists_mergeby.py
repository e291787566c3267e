"""Lists of dictionaries joined by one of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.templating.merging import merge
from provisioner.templating.sets import as_list


def lists_mergeby(
    *terms: Any, index: str | None = None, recursive: bool = False, list_merge: str = "replace"
) -> list[object]:
    """Return one list: dictionaries that have the same value at the key are joined, later ones win; sorted by it.

    The key is the last argument, or ``index``.

    >>> lists_mergeby([{"n": "a", "x": 1}], [{"n": "a", "y": 2}, {"n": "b"}], "n")
    [{'n': 'a', 'x': 1, 'y': 2}, {'n': 'b'}]
    """
    *lists, last = (*terms, index) if index is not None else terms
    if not isinstance(last, str):
        raise ValueError("lists_mergeby: the key to join by is missing")
    if len(lists) == 1 and lists[0] and all(isinstance(each, (list, tuple)) for each in lists[0]):
        lists = list(lists[0])
    joined: dict[Any, Any] = {}
    for each in lists:
        for thing in as_list(each):
            if not isinstance(thing, Mapping):
                raise ValueError(f"lists_mergeby: a dictionary is wanted, not {str(thing)[:60]}")
            if last in thing:
                joined[thing[last]] = merge(joined.get(thing[last], {}), thing, recursive, list_merge)
    return [joined[key] for key in sorted(joined)]
