"""Items put together by an attribute."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import sync_do_groupby


@pass_environment
def groupby(
    environment: Environment, value: Any, attribute: str | int, default: Any = None, case_sensitive: bool = False
) -> list[tuple[Any, list[Any]]]:
    """Return pairs of an attribute's value and the items that have it.

    >>> groupby(Environment(), [{"os": "a", "n": 1}, {"os": "b", "n": 2}], "os")
    [('a', [{'os': 'a', 'n': 1}]), ('b', [{'os': 'b', 'n': 2}])]
    """
    return [tuple(pair) for pair in sync_do_groupby(environment, value, attribute, default, case_sensitive)]
