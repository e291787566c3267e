"""Writes a moment in a format."""

from __future__ import annotations

import time


def strftime(string_format: str, second: object = None, utc: bool = False) -> str:
    """Return seconds since 1970 (now, if not given) in the format.

    >>> strftime("%Y-%m-%d", 0, utc=True)
    '1970-01-01'
    """
    try:
        moment = None if second is None else float(str(second))
    except ValueError:
        raise ValueError(f"Invalid value for epoch value ({second})") from None
    return time.strftime(string_format, time.gmtime(moment) if utc else time.localtime(moment))
