"""Writes data as JSON."""

from __future__ import annotations

import json
from typing import Any

from provisioner.templating.encoding import encodable


def to_json(value: object, **options: Any) -> str:
    """Return the value as JSON on one line; options are those of Python's ``json.dumps``.

    >>> to_json({"a": [1, None, True]})
    '{"a": [1, null, true]}'
    """
    for known in ("vault_to_text", "preprocess_unsafe"):
        options.pop(known, None)
    return json.dumps(value, default=encodable, **options)
