"""Writes data as YAML, every item on a line of its own."""

from __future__ import annotations

from typing import Any

from provisioner.templating.yaml_text import dump


def to_nice_yaml(value: object, indent: int = 4, **options: Any) -> str:
    """Return the value as YAML; options: width, sort_keys, explicit_start, explicit_end, allow_unicode.

    >>> print(to_nice_yaml({"b": [1, {"c": 2}], "a": {"x": "y"}}), end="")
    a:
        x: y
    b:
    - 1
    -   c: 2
    """
    options.setdefault("default_flow_style", False)
    return dump(value, indent=indent, **options)
