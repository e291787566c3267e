"""A list of dictionaries as a dictionary by one of their values."""

from __future__ import annotations

from collections.abc import Mapping


def rekey_on_member(data: object, key: str, duplicates: str = "error") -> dict[object, object]:
    """Return the things by the value each has at ``key``; ``duplicates`` is error or overwrite.

    >>> rekey_on_member([{"proto": "eigrp", "on": 1}], "proto")
    {'eigrp': {'proto': 'eigrp', 'on': 1}}
    """
    if duplicates not in ("error", "overwrite"):
        known = "it is error or overwrite"
        raise ValueError(f"duplicates parameter to rekey_on_member has unknown value '{duplicates}': {known}")
    things = data.values() if isinstance(data, Mapping) else data
    if isinstance(things, str) or not hasattr(things, "__iter__"):
        raise ValueError("Type is not a valid list, set, or dict")
    found: dict[object, object] = {}
    for thing in things:
        if not isinstance(thing, Mapping):
            raise ValueError(f"List item is not a valid dict: {str(thing)[:60]}")
        if key not in thing:
            raise ValueError(f"Key {key} was not found in {str(thing)[:60]}")
        if thing[key] in found and duplicates == "error":
            raise ValueError(f"Key {thing[key]} is not unique, cannot correctly turn into dict")
        found[thing[key]] = thing
    return found
