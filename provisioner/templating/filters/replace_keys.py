"""Gives keys other names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TESTS: dict[str, Callable[[str, str], bool]] = {
    "equal": lambda key, wanted: key == wanted,
    "starts_with": lambda key, wanted: key.startswith(wanted),
    "ends_with": lambda key, wanted: key.endswith(wanted),
    "regex": lambda key, wanted: re.match(wanted, key) is not None,
}


def replace_keys(data: Any, target: Sequence[Mapping[str, str]], matching_parameter: str = "equal") -> Any:
    """Return data with keys renamed at every depth; ``target`` lists ``{before, after}``.

    ``matching_parameter`` is equal, starts_with, ends_with or regex.

    >>> replace_keys([{"a": 1, "b": {"a": 2}}], [{"before": "a", "after": "x"}])
    [{'x': 1, 'b': {'x': 2}}]
    """
    if matching_parameter not in TESTS:
        raise ValueError(f"matching_parameter is one of {', '.join(TESTS)}, not '{matching_parameter}'")
    if isinstance(data, Mapping):
        test = TESTS[matching_parameter]
        found = {}
        for key, value in data.items():
            pair = next((each for each in target if isinstance(key, str) and test(key, each["before"])), None)
            found[pair["after"] if pair else key] = replace_keys(value, target, matching_parameter)
        return found
    if isinstance(data, (list, tuple)):
        return [replace_keys(item, target, matching_parameter) for item in data]
    return data
