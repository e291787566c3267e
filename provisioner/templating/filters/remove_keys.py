"""Dictionaries without some of their keys."""

from __future__ import annotations

from provisioner.templating.filters.keep_keys import kept


def remove_keys(data: object, target: object, matching_parameter: str = "equal") -> list[dict[object, object]]:
    """Return each dictionary without the named keys; matching is equal, starts_with, ends_with or regex.

    >>> remove_keys([{"a": 1, "b": 2}], ["a"])
    [{'b': 2}]
    """
    return kept(data, target, matching_parameter, wanted=False)
