"""A value deep inside data, by its path as text."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, pass_environment


@pass_environment
def get_path(environment: Environment, var: object, path: str, wantlist: bool = False) -> Any:
    """Return what is at ``path`` (``a.b[0].c``) of a value.

    >>> get_path(Environment(), {"a": {"b": [5, 6]}}, "a.b[1]")
    6
    """
    dot = "" if path.startswith("[") else "."
    found = environment.compile_expression(f"value{dot}{path}", undefined_to_none=False)(value=var)
    return [found] if wantlist and not isinstance(found, list) else found
