"""Dictionaries with some of their keys."""

from __future__ import annotations

import re
from collections.abc import Mapping


def keep_keys(data: object, target: object, matching_parameter: str = "equal") -> list[dict[object, object]]:
    """Return each dictionary with the wanted keys only; matching is equal, starts_with, ends_with or regex.

    >>> keep_keys([{"a": 1, "b": 2}], ["a"])
    [{'a': 1}]
    """
    return kept(data, target, matching_parameter, wanted=True)


def kept(data: object, target: object, matching: str, *, wanted: bool) -> list[dict[object, object]]:
    """Return each dictionary with the keys that match, or with those that do not."""
    patterns = [target] if isinstance(target, str) else list(target)  # type: ignore[call-overload]
    tests = {
        "equal": lambda key: key in patterns,
        "starts_with": lambda key: str(key).startswith(tuple(patterns)),
        "ends_with": lambda key: str(key).endswith(tuple(patterns)),
        "regex": lambda key: any(re.match(pattern, str(key)) for pattern in patterns),
    }
    if matching not in tests:
        raise ValueError(f"matching_parameter is one of {', '.join(tests)}, not '{matching}'")
    if not isinstance(data, list) or not all(isinstance(thing, Mapping) for thing in data):
        raise ValueError("a list of dictionaries is wanted")
    return [{key: value for key, value in thing.items() if tests[matching](key) is wanted} for thing in data]
