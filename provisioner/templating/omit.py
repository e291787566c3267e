"""The ``omit`` value: a parameter or list item that equals it is as if it had not been written."""

from __future__ import annotations

import secrets
from typing import Final

OMIT: Final[str] = f"__omit_{secrets.token_hex(16)}__"
"""A text nobody writes; it survives filters and string conversion, as playbooks expect."""


def strip_omit(value: object) -> object:
    """Return ``value`` without dictionary entries and list items that are ``omit``; unchanged parts are not copied.

    >>> strip_omit({"mode": OMIT, "paths": ["a", OMIT], "state": "file"})
    {'paths': ['a'], 'state': 'file'}
    """
    if isinstance(value, dict):
        kept = {key: strip_omit(item) for key, item in value.items() if not is_omit(item)}
        same = len(kept) == len(value) and all(kept[key] is value[key] for key in kept)
        return value if same else kept
    if isinstance(value, list):
        items = [strip_omit(item) for item in value if not is_omit(item)]
        same = len(items) == len(value) and all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    return value


def is_omit(value: object) -> bool:
    """Tell whether ``value`` is the omit value."""
    return isinstance(value, str) and value == OMIT
