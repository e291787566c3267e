"""The type of data, and of what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.templating.filters.type_debug import type_debug


def reveal_ansible_type(data: Any, alias: Mapping[str, str] | None = None) -> str:
    """Return the type of data with the types inside: ``dict[str, int]``, ``list[str|int]``; ``alias`` renames types.

    >>> reveal_ansible_type({"a": 1, "b": 2}), reveal_ansible_type([1, "x"])
    ('dict[str, int]', 'list[int|str]')
    """
    names = alias or {}
    own = type_debug(data)
    own = names.get(own, own)
    if isinstance(data, Mapping):
        keys = "|".join(sorted({reveal_ansible_type(key, names) for key in data}))
        values = "|".join(sorted({reveal_ansible_type(value, names) for value in data.values()}))
        return f"{own}[{keys}, {values}]"
    if isinstance(data, (list, tuple, set)):
        return f"{own}[{'|'.join(sorted({reveal_ansible_type(item, names) for item in data}))}]"
    return own
