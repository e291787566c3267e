"""Picks a value out of a container."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, pass_environment


@pass_environment
def extract(environment: Environment, item: object, container: Any, morekeys: object = None) -> Any:
    """Return ``container[item]``, and further down with ``morekeys``.

    >>> extract(Environment(), "web1", {"web1": {"ip": "10.0.0.1"}}, "ip")
    '10.0.0.1'
    """
    keys = [item]
    if morekeys is not None:
        keys += morekeys if isinstance(morekeys, list) else [morekeys]
    value = container
    for key in keys:
        value = environment.getitem(value, key)
    return value
