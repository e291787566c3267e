"""Reads the registered result of a task."""

from __future__ import annotations

from collections.abc import Mapping


def result_of(value: object, who: str) -> Mapping[str, object]:
    """Return the result, or say that the test ``who`` needs one."""
    if not isinstance(value, Mapping):
        what = f"the registered result of a task, not {type(value).__name__}"
        raise ValueError(f"The '{who}' test expects a dictionary: {what}")
    return value
