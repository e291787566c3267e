"""A list of dictionaries as a dictionary by one of their values."""

from __future__ import annotations

from collections.abc import Mapping


def rekey_on_member(data: object, key: str, duplicates: str = "error") -> dict[object, object]:
    """Return the things by the value each has at ``key``; ``duplicates`` is error or overwrite.

    >>> rekey_on_member([{"proto": "eigrp", "on": 1}], "proto")
    {'eigrp': {'proto': 'eigrp', 'on': 1}}
    """
    if duplicates not in ("error", "overwrite"):
        raise ValueError(f"rekey_on_member: duplicates is 'error' or 'overwrite', not '{duplicates}'")
    things = data.values() if isinstance(data, Mapping) else data
    if isinstance(things, str) or not hasattr(things, "__iter__"):
        raise ValueError("rekey_on_member: a list or dictionary of dictionaries is wanted")
    found: dict[object, object] = {}
    for thing in things:
        if not isinstance(thing, Mapping) or key not in thing:
            raise ValueError(f"rekey_on_member: {str(thing)[:60]} has no '{key}'")
        if thing[key] in found and duplicates == "error":
            raise ValueError(f"rekey_on_member: '{thing[key]}' is there twice")
        found[thing[key]] = thing
    return found
