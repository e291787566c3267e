"""Host names as inventories write them: ranges such as ``web[01:10]`` and ports such as ``web1:2222``."""

from __future__ import annotations

import re
import string

_RANGE = re.compile(r"\[([^\[\]:]*):([^\[\]:]*)(?::(\d+))?\]")
_PORT = re.compile(r"(?P<host>(?:\[[0-9a-fA-F:.%]+\])|(?:(?:[^:\[\]]|\[[^\]]*\])+)):(?P<port>\d{1,5})")
_BARE_IPV6 = re.compile(r"\[([0-9a-fA-F:.]*::[0-9a-fA-F:.]*|(?:[0-9a-fA-F]*:){3,}[0-9a-fA-F:.]*)\]")


MOST = 100_000
"""How many hosts one word may stand for."""


class BadRange(ValueError):
    """A range that cannot be counted through."""


class OpenRange(BadRange):
    """A range without an end."""


def split_port(word: str) -> tuple[str, int | None]:
    """Return a host's name and the port behind it; what is no name with a port is returned as it is."""
    match = _PORT.fullmatch(word)
    if match is not None and "[" not in match["host"][1:]:
        return match["host"].strip("[]"), int(match["port"])
    bare = _BARE_IPV6.fullmatch(word)
    return (bare[1] if bare else word), None


def expand(word: str) -> tuple[list[str], int | None]:
    """Return the host names a word of an inventory stands for (none for ``[3:1]``), and the port behind it."""
    port: int | None = None
    if "[" not in word and ":" not in word:
        return [word], None
    if word.endswith(":"):
        raise BadRange(f"Invalid host pattern '{word}' supplied, ending in ':' is not allowed, this character is "
                       "reserved to provide a port.")  # fmt: skip
    match = _PORT.fullmatch(word)
    if match is not None:
        word, port = match["host"], int(match["port"])
    bare = _BARE_IPV6.fullmatch(word)
    if bare is not None:
        return [bare[1]], port
    return _expanded(word), port


def _expanded(word: str) -> list[str]:
    match = _RANGE.search(word)
    if match is None:
        return [word]
    head, each_one, rests = word[: match.start()], _sequence(match), _expanded(word[match.end() :])
    if len(each_one) * len(rests) > MOST:
        raise _too_many(word)
    return [head + each + rest for each in each_one for rest in rests]


def _too_many(word: str) -> BadRange:
    return BadRange(f"'{word}' stands for more than {MOST} hosts")


def _sequence(match: re.Match[str]) -> list[str]:
    first, last, step = match[1] or "0", match[2], int(match[3] or 1)
    if not last:
        raise OpenRange(f"host range must specify end value: {match[0]}")
    if step < 1:
        raise BadRange(f"the step of the range {match[0]} must be at least 1")
    if first.isdecimal() and last.isdecimal():
        return _numbers(match[0], first, last, step)
    letters = string.ascii_letters
    if len(first) != 1 or len(last) != 1 or first not in letters or last not in letters:
        raise BadRange(f"the range {match[0]} must have two numbers or two letters")
    start, end = letters.index(first), letters.index(last)
    if start > end:
        raise BadRange(f"the range {match[0]} counts backwards")
    return list(letters[start : end + 1 : step])


def _numbers(written: str, first: str, last: str, step: int) -> list[str]:
    if len(first) > 1 and first[0] == "0" and len(first) != len(last):
        raise BadRange(f"both ends of the range {written} must have as many digits")
    if max(len(first), len(last)) > len(str(MOST)) + 10 or (int(last) - int(first)) // step >= MOST:
        raise _too_many(written)
    width = len(first) if first[0] == "0" else 0
    return [str(number).zfill(width) for number in range(int(first), int(last) + 1, step)]
