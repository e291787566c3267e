"""Reads a date and time."""

from __future__ import annotations

import datetime


def to_datetime(string: str, format: str = "%Y-%m-%d %H:%M:%S") -> datetime.datetime:
    """Return the moment that text of ``format`` names; two can be subtracted.

    >>> (to_datetime("2016-08-14 20:00:12") - to_datetime("2015-12-25", "%Y-%m-%d")).days
    233
    """
    return datetime.datetime.strptime(string, format)  # noqa: DTZ007 - as written, without a zone
