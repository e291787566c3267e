"""Joins dictionaries."""

from __future__ import annotations

from provisioner.templating.merging import merge
from provisioner.templating.sets import as_list


def combine(
    *terms: object, recursive: bool = False, list_merge: str = "replace", **others: object
) -> dict[object, object]:
    """Return the dictionaries joined, later ones winning; ``recursive`` joins those inside too.

    ``list_merge``: replace, keep, append, prepend, append_rp or prepend_rp (the last two drop repeated items first).

    >>> combine({"a": 1, "b": {"x": 1}}, {"b": {"y": 2}})
    {'a': 1, 'b': {'y': 2}}
    >>> combine({"a": [1], "b": {"x": 1}}, {"a": [2], "b": {"y": 2}}, recursive=True, list_merge="append")
    {'a': [1, 2], 'b': {'x': 1, 'y': 2}}
    """
    if others:
        raise ValueError("'recursive' and 'list_merge' are the only valid keyword arguments")
    dictionaries: list[object] = []
    for term in terms:
        dictionaries += as_list(term) if isinstance(term, (list, tuple)) else [term]
    joined: dict[object, object] = {}
    for term in dictionaries:
        if term is None:
            continue
        if not isinstance(term, dict):
            got = f"a '{type(term).__name__}': {str(term)[:60]}"
            raise ValueError(f"failed to combine variables, expected dicts but got {got}")
        joined = merge(joined, term, recursive, list_merge)
    return joined
