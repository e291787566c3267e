"""Several lists of dictionaries side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def consolidate(
    data_sources: Sequence[Mapping[str, Any]],
    fail_missing_match_key: bool = False,
    fail_missing_match_value: bool = False,
    fail_duplicate: bool = False,
) -> dict[Any, dict[str, Any]]:
    """Return the things of all sources by the value they are matched by; each source is ``{data, match_key, name}``.

    >>> consolidate([{"name": "a", "match_key": "n", "data": [{"n": 1, "x": 2}]},
    ...              {"name": "b", "match_key": "n", "data": [{"n": 1, "y": 3}]}])
    {1: {'a': {'n': 1, 'x': 2}, 'b': {'n': 1, 'y': 3}}}
    """
    found: dict[Any, dict[str, Any]] = {}
    names = [str(source["name"]) for source in data_sources]
    for source in data_sources:
        key, name = source["match_key"], str(source["name"])
        for thing in source["data"]:
            if key not in thing:
                if fail_missing_match_key:
                    raise ValueError(f"consolidate: {str(thing)[:60]} of '{name}' has no '{key}'")
                continue
            mine = found.setdefault(thing[key], {})
            if name in mine and fail_duplicate:
                raise ValueError(f"consolidate: '{thing[key]}' is twice in '{name}'")
            mine[name] = thing
    if fail_missing_match_value:
        for value, mine in found.items():
            lacking = [name for name in names if name not in mine]
            if lacking:
                raise ValueError(f"consolidate: '{value}' is not in {', '.join(lacking)}")
    return {value: {name: mine.get(name, {}) for name in names} for value, mine in found.items()}
