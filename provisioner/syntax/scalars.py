"""What a plain YAML 1.1 scalar means: null, boolean, number, date or text, exactly as Ansible users know it.

The rules are those of the YAML 1.1 type repository with the deviations of the reader Ansible uses: ``y`` and ``n`` are
text, an exponent needs a dot and a sign, ``0644`` is octal, ``1:30`` is sexagesimal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

BOOLEANS = {
    spelled: truth
    for truth, words in ((True, ("yes", "true", "on")), (False, ("no", "false", "off")))
    for word in words
    for spelled in (word, word.capitalize(), word.upper())
}
"""The words that are booleans when unquoted."""

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""The words that are null when unquoted."""

MERGE = "<<"

_INTEGER = re.compile(
    r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
)
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DAY = r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(
    _DAY + r"(?:[Tt]|[ \t]+)(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d*))?"
    r"(?:[ \t]*(?:Z|(?P<sign>[-+])(?P<tz_hour>\d\d?)(?::(?P<tz_minute>\d\d))?))?"
)
_NUMBER_START = frozenset("-+0123456789.")
_WORD_START = frozenset("yYnNtTfFoO~")


def plain(text: str) -> object:
    """Return the value of an unquoted scalar; the very same string object where it is text."""
    if not text:
        return None
    first = text[0]
    if first in _WORD_START:
        if text in BOOLEANS:
            return BOOLEANS[text]
        return None if text in NULLS else text
    if first in _NUMBER_START:
        return _number(text)
    return text


LONGEST_NUMBER = 4000
"""How many characters a number has at most; what is longer is text, as Python reads no such number."""


def _number(text: str) -> object:
    if len(text) > LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return integer(text)
    if _FLOAT.fullmatch(text):
        return floating(text)
    if _DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text):
        return timestamp(text)
    return text


def integer(text: str) -> int:
    """Return the value of a YAML 1.1 integer; ValueError where it is none."""
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if digits == "0":
        return 0
    if digits.startswith("0b"):
        return sign * int(digits[2:], 2)
    if digits.startswith("0x"):
        return sign * int(digits[2:], 16)
    if digits.startswith("0"):
        return sign * int(digits, 8)
    if ":" in digits:
        return sign * int(_sexagesimal(digits, int))
    return sign * int(digits)


def floating(text: str) -> float:
    """Return the value of a YAML 1.1 float; ValueError where it is none."""
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits.startswith("-") else 1.0
    digits = digits.lstrip("+-")
    if digits == ".inf":
        return sign * float("inf")
    if digits == ".nan":
        return float("nan")
    if ":" in digits:
        return sign * _sexagesimal(digits, float)
    return sign * float(digits)


def _sexagesimal(digits: str, kind: Callable[[str], float]) -> float:
    total: float = 0
    for part in digits.split(":"):
        total = total * 60 + kind(part)
    return total


def timestamp(text: str) -> object:
    """Return a date or a date with time; the text itself where there is no such day."""
    match = _TIMESTAMP.fullmatch(text)
    try:
        if match is None:
            year, month, day = (int(part) for part in text.split("-"))
            return date(year, month, day)
        return _moment(match)
    except ValueError:
        return text


def _moment(match: re.Match[str]) -> datetime:
    fields = [int(match[name]) for name in ("year", "month", "day", "hour", "minute", "second")]
    micro = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    zone: timezone | None = None
    if match["sign"]:
        offset = timedelta(hours=int(match["tz_hour"]), minutes=int(match["tz_minute"] or 0))
        zone = timezone(-offset if match["sign"] == "-" else offset)
    elif match.string.endswith("Z"):
        zone = UTC
    year, month, day, hour, minute, second = fields
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
