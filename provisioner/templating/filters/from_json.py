"""Reads JSON."""

from __future__ import annotations

import json


def from_json(value: str) -> object:
    """Return the data that JSON text holds.

    >>> from_json('{"a": [1, null]}')
    {'a': [1, None]}
    """
    return json.loads(value)
