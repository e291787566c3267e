"""Quotes text for a shell."""

from __future__ import annotations

import shlex


def quote(value: object) -> str:
    """Return the value as one word of a POSIX shell; nothing for None.

    >>> quote("it's"), quote("plain")
    ('\\'it\\'"\\'"\\'s\\'', 'plain')
    """
    return shlex.quote("" if value is None else str(value))
