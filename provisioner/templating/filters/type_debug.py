"""Names the type of a value."""

from __future__ import annotations


def type_debug(value: object) -> str:
    """Return the name of the value's type, for finding mistakes; any string is ``str``.

    >>> type_debug([1]), type_debug("x"), type_debug(1.5)
    ('list', 'str', 'float')
    """
    return "str" if isinstance(value, str) else type(value).__name__
