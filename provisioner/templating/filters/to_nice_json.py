"""Writes data as indented JSON."""

from __future__ import annotations

import json
from typing import Any

from provisioner.templating.encoding import encodable


def to_nice_json(value: object, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """Return the value as JSON with a line for each item and sorted keys.

    >>> print(to_nice_json({"b": [1], "a": None}, indent=2))
    {
      "a": null,
      "b": [
        1
      ]
    }
    """
    options.pop("vault_to_text", None)
    separators = options.pop("separators", (",", ": "))
    return json.dumps(value, indent=indent, sort_keys=sort_keys, separators=separators, default=encodable, **options)
