"""A list of things paired with the items of a list in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def subelements(items: object, path: object, skip_missing: bool = False) -> list[tuple[object, object]]:
    """Return pairs of each thing and each item of the list it has at ``path`` (a key, dotted keys or list of keys).

    >>> subelements([{"name": "al", "groups": ["a", "b"]}], "groups")
    [({'name': 'al', 'groups': ['a', 'b']}, 'a'), ({'name': 'al', 'groups': ['a', 'b']}, 'b')]
    """
    things = list(items.values()) if isinstance(items, Mapping) else items
    if not isinstance(things, (list, tuple)):
        raise ValueError("obj must be a list of dicts or a nested dict")
    if not isinstance(path, (str, list, tuple)):
        raise ValueError("subelements must be a list or a string")
    keys = path.split(".") if isinstance(path, str) else list(path)
    return pairs_of(things, keys, skips_missing=skip_missing)


def pairs_of(
    things: Iterable[object], keys: list[Any], *, skips_missing: bool, skips_others: bool = False
) -> list[tuple[object, object]]:
    """Return the pairs; a thing without the keys is left out or refused, so is one that has something else there."""
    pairs: list[tuple[object, object]] = []
    for thing in things:
        inner: object = thing
        for key in keys:
            if isinstance(inner, Mapping) and key in inner:
                inner = inner[key]
            elif isinstance(inner, Mapping):
                if not skips_missing:
                    raise ValueError(f"could not find '{key}' key in iterated item '{str(thing)[:60]}'")
                inner = []
                break
            else:
                if not skips_others:
                    raise ValueError(f"the key before '{key}' should point to a dictionary, got '{str(inner)[:60]}'")
                inner = []
                break
        if not isinstance(inner, (list, tuple)):
            raise ValueError(f"the key '{keys[-1]}' should point to a list, got '{str(inner)[:60]}'")
        pairs += [(thing, item) for item in inner]
    return pairs
