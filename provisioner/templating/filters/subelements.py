"""A list of things paired with the items of a list in each."""

from __future__ import annotations

from collections.abc import Mapping


def subelements(items: object, path: object, skip_missing: bool = False) -> list[tuple[object, object]]:
    """Return pairs of each thing and each item of the list it has at ``path`` (a key, dotted keys or list of keys).

    >>> subelements([{"name": "al", "groups": ["a", "b"]}], "groups")
    [({'name': 'al', 'groups': ['a', 'b']}, 'a'), ({'name': 'al', 'groups': ['a', 'b']}, 'b')]
    """
    things = list(items.values()) if isinstance(items, Mapping) else items
    if not isinstance(things, (list, tuple)):
        raise ValueError("subelements: a list or dictionary of dictionaries is wanted")
    keys = path.split(".") if isinstance(path, str) else list(path)  # type: ignore[call-overload]
    pairs: list[tuple[object, object]] = []
    for thing in things:
        inner: object = thing
        for key in keys:
            if isinstance(inner, Mapping) and key in inner:
                inner = inner[key]
            elif skip_missing:
                inner = []
                break
            else:
                raise ValueError(f"subelements: {str(thing)[:60]} has no '{key}'")
        if not isinstance(inner, (list, tuple)):
            raise ValueError(f"subelements: '{keys[-1]}' is no list in {str(thing)[:60]}")
        pairs += [(thing, item) for item in inner]
    return pairs
