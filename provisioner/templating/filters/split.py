"""Cuts text into a list."""

from __future__ import annotations


def split(value: str, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """Return the parts between separators, which are white space unless given.

    >>> split("a,b", ","), split(" one  two ")
    (['a', 'b'], ['one', 'two'])
    """
    return value.split(separator, maxsplit)
