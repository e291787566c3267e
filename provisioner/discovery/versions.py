"""Which of two package versions is older, by the order that dpkg, rpm and apk have in common."""

from __future__ import annotations

import re

_PIECES = re.compile(r"(\d+)")


def is_older(version: str, than: str) -> bool:
    """Tell whether ``version`` comes before ``than``: epoch, then digits as numbers, ``~`` before everything.

    >>> is_older("1.9-1", "1.10-1"), is_older("1:1.0", "2.0"), is_older("2.0~rc1", "2.0")
    (True, False, True)
    """
    return _key(version) < _key(than)


def _key(version: str) -> tuple[int, list[tuple[list[int], int]], list[tuple[list[int], int]]]:
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdigit():
        epoch, rest = "0", version
    upstream, _dash, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch), _pieces(upstream), _pieces(revision)


def _pieces(text: str) -> list[tuple[list[int], int]]:
    """Return pairs of signs and number; signs are ordered as dpkg orders them: tilde, end, letters, others."""
    split = _PIECES.split(text)
    signs = [[_weight(sign) for sign in part] + [0] for part in split[0::2]]
    numbers = [int(part) for part in split[1::2]]
    return [(each, numbers[place] if place < len(numbers) else 0) for place, each in enumerate(signs)]


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256
