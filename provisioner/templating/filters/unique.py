"""A list without repetitions."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import make_attrgetter

from provisioner.templating.sets import as_list


@pass_environment
def unique(
    environment: Environment, items: object, case_sensitive: bool | None = None, attribute: str | None = None
) -> list[object]:
    """Return the items, each once, in order, upper and lower case alike; ``attribute`` says what makes them equal.

    >>> unique(Environment(), ["b", "a", "b", "A"])
    ['b', 'a']
    >>> unique(Environment(), ["b", "a", "b", "A"], case_sensitive=True)
    ['b', 'a', 'A']
    """
    getter = make_attrgetter(environment, attribute)
    seen: list[Any] = []
    kept = []
    for item in as_list(items, "unique"):
        key = getter(item)
        if not case_sensitive and isinstance(key, str):
            key = key.lower()
        if key not in seen:
            seen.append(key)
            kept.append(item)
    return kept
