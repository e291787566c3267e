"""Spans of time as people write them: ``1h 30m``."""

from __future__ import annotations

import re

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
WORDS = {
    "ms": ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "mo": ("mo", "month", "months"),
    "y": ("y", "year", "years"),
}
NAMES = {word: unit for unit, words in WORDS.items() for word in words}


def in_unit(written: object, unit: str, year: float = 365, month: float = 30) -> float:
    """Return a span of time in a unit, whole where it comes out so; parts may be negative (``-1h``).

    >>> in_unit("1y 2d", "d"), in_unit("90s", "minutes"), in_unit("", "s")
    (367, 1.5, 0)
    """
    lengths = {**SECONDS, "mo": month * SECONDS["d"], "y": year * SECONDS["d"]}
    if unit.lower() not in NAMES:
        raise ValueError(f"there is no unit of time '{unit}'; there are {', '.join(WORDS)}")
    if not isinstance(written, (str, int)) or (isinstance(written, int) and written):
        raise ValueError(f"a span of time such as '1h 30m' is wanted, not {written!r}")
    total = 0.0
    for word in str(written).split() if written else ():
        found = re.fullmatch(r"(-?\d*\.?\d+)([a-zA-Z]*)", word)
        if found is None or (found.group(2).lower() or "s") not in NAMES:
            raise ValueError(f"'{word}' in '{written}' is no span of time")
        total += float(found.group(1)) * lengths[NAMES[found.group(2).lower() or "s"]]
    value = round(total / lengths[NAMES[unit.lower()]], 12)
    return int(value) if value.is_integer() else value
