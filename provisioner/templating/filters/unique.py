"""A list without repetitions."""

from __future__ import annotations

from jinja2 import Environment, pass_environment
from jinja2.filters import do_unique

from provisioner.templating.sets import as_list, distinct


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
    try:
        return list(do_unique(environment, items, bool(case_sensitive), attribute))
    except TypeError as error:
        if case_sensitive is not None or attribute is not None:
            reason = "these items can only be compared as they are: with these options one cannot fall back to that"
            raise ValueError(f"unique: {error}; {reason}") from error
        return distinct(as_list(items))
