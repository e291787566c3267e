"""A dictionary as a list to loop over."""

from __future__ import annotations

from collections.abc import Mapping


def dict2items(mydict: object, key_name: str = "key", value_name: str = "value") -> list[dict[str, object]]:
    """Return a list with one small dictionary for each entry.

    >>> dict2items({"a": 1})
    [{'key': 'a', 'value': 1}]
    """
    if not isinstance(mydict, Mapping):
        raise ValueError(f"dict2items requires a dictionary, got {type(mydict).__name__} instead")
    return [{key_name: key, value_name: value} for key, value in mydict.items()]
