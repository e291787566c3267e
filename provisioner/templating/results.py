"""Reads the registered result of a task."""

from __future__ import annotations

from collections.abc import Mapping


def result_of(value: object, who: str) -> Mapping[str, object]:
    """Return the result, or say that the test ``who`` needs one."""
    if not isinstance(value, Mapping):
        raise ValueError(f"the test '{who}' needs a registered result, not {type(value).__name__}")
    return value
