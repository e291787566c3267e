"""Things by one of their values, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def groupby_as_dict(sequence: Iterable[object], attribute: str) -> dict[object, object]:
    """Return the dictionaries of a list by the value each has at ``attribute``, which must differ.

    >>> groupby_as_dict([{"name": "a", "n": 1}, {"name": "b", "n": 2}], "name")
    {'a': {'name': 'a', 'n': 1}, 'b': {'name': 'b', 'n': 2}}
    """
    found: dict[object, object] = {}
    for thing in sequence:
        if not isinstance(thing, Mapping) or attribute not in thing:
            raise ValueError(f"groupby_as_dict: {str(thing)[:60]} has no '{attribute}'")
        if thing[attribute] in found:
            raise ValueError(f"groupby_as_dict: '{thing[attribute]}' is there more than once")
        found[thing[attribute]] = thing
    return found
