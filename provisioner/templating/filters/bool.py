"""Turns words for yes and no into a boolean."""

from __future__ import annotations


def bool(value: object) -> object:
    """Return True for yes, on, true and 1 in any case, False for everything else; None stays None.

    >>> bool("Yes"), bool("off"), bool(1), bool("nonsense")
    (True, False, True, False)
    """
    if value is None or value is True or value is False:
        return value
    word = value.lower() if isinstance(value, str) else value
    return word in ("yes", "on", "1", "true", 1)
