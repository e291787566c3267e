"""Writes data as YAML, short lists on one line."""

from __future__ import annotations

from typing import Any

from provisioner.templating.yaml_text import dump


def to_yaml(value: object, default_flow_style: bool | None = None, **options: Any) -> str:
    """Return the value as YAML; options: indent, width, sort_keys, explicit_start, explicit_end, allow_unicode.

    >>> print(to_yaml({"a": 1, "b": [1, 2]}), end="")
    a: 1
    b: [1, 2]
    """
    return dump(value, default_flow_style=default_flow_style, **options)
