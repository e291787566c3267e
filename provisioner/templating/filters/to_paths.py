"""Data as one flat dictionary of paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def to_paths(var: Any, prepend: str | None = None, wantlist: bool = False) -> Any:
    """Return every value inside data by the path that leads to it; ``prepend`` begins every path.

    >>> to_paths({"a": {"b": [1, 2], "c d": 3}})
    {'a.b[0]': 1, 'a.b[1]': 2, "a['c d']": 3}
    """
    found = dict(_walk(var, prepend or ""))
    return [found] if wantlist else found


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            plain = isinstance(key, str) and re.fullmatch(r"[A-Za-z_]\w*", key)
            step = (f".{key}" if path else key) if plain else f"[{key!r}]"
            yield from _walk(item, f"{path}{step}")
    elif isinstance(value, (list, tuple)) and value:
        for number, item in enumerate(value):
            yield from _walk(item, f"{path}[{number}]")
    else:
        yield path, value
