"""A dictionary of one key."""

from __future__ import annotations


def dict_kv(value: object, key: object) -> dict[object, object]:
    """Return ``{key: value}``.

    >>> dict_kv("web1", "name")
    {'name': 'web1'}
    """
    return {key: value}
