"""Version numbers compared: loose, strict, semantic, and as Python packages have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import total_ordering
from typing import Any, Protocol


class Ordered(Protocol):
    """Something two of which can be compared."""

    def __lt__(self, other: Any, /) -> bool: ...


@total_ordering
class Loose:
    """Any version: numbers and words are compared piece by piece.

    >>> Loose("1.10") > Loose("1.9"), Loose("1.0a") > Loose("1.0")
    (True, True)
    """

    def __init__(self, text: str) -> None:
        parts = [part for part in re.split(r"(\d+|[a-z]+|\.)", text) if part and part != "."]
        self.key: list[Any] = [int(part) if part.isdigit() else part for part in parts]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loose) and self.key == other.key

    def __hash__(self) -> int:
        return hash(tuple(self.key))

    def __lt__(self, other: Loose) -> bool:
        return self.key < other.key


_STRICT = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?")
_SEMANTIC = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_PACKAGE = re.compile(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?"
    r"(?:(?:-(\d+))|(?:[-_.]?(?:post|rev|r)[-_.]?(\d*)))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE,
)


def strict(text: str) -> tuple[Any, ...]:
    """Return the key of a version of two or three numbers with an optional a1 or b1."""
    found = _STRICT.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a strict version (1.2, 1.2.3, 1.2a1)")
    major, minor, patch, letter, number = found.groups()
    return int(major), int(minor), int(patch or 0), (letter or "z", int(number or 0))


def semantic(text: str) -> tuple[Any, ...]:
    """Return the key of a semantic version."""
    found = _SEMANTIC.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a semantic version (1.2.3, 1.2.3-rc.1+build)")
    major, minor, patch, before = found.groups()
    words = tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in before.split(".")) if before else ()
    return int(major), int(minor), int(patch), not before, words


def package(text: str) -> tuple[Any, ...]:
    """Return the key of a Python package's version (PEP 440)."""
    found = _PACKAGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not a Python package version (1.2.3, 1.2rc1, 1.2.post1)")
    epoch, release, stage, stage_number, dash, post, dev, dev_number, local = found.groups()
    is_after = dash is not None or post is not None
    later = int(dash or post or 0) if is_after else -1
    in_work = int(dev_number or 0) if dev else float("inf")
    before = _stage(stage, stage_number, is_early=bool(dev) and not is_after)
    return int(epoch or 0), _release(release), before, later, in_work, _local(local)


def _release(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _stage(stage: str | None, number: str | None, *, is_early: bool) -> tuple[str, int]:
    """Return where a version stands before its release: development first, then a, b, rc, the release last."""
    if not stage:
        return ("", 0) if is_early else ("zz", 0)
    letter = stage.lower()
    same = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
    return same.get(letter, letter), int(number or 0)


def _local(text: str | None) -> tuple[Any, ...]:
    words = re.split(r"[-_.]", text) if text else []
    return tuple((1, int(word), "") if word.isdigit() else (0, 0, word) for word in words)


KINDS: dict[str, Callable[[str], Ordered]] = {
    "loose": Loose,
    "strict": strict,
    "semver": semantic,
    "semantic": semantic,
    "pep440": package,
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_WORDS = {"=": "==", "eq": "==", "<>": "!=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def compared(value: object, other: object, operator: str, kind: str) -> bool:
    """Tell whether ``value operator other`` holds for versions of a kind.

    >>> compared("1.10", "1.9", ">", "loose"), compared("1.0.0-rc.1", "1.0.0", "lt", "semver")
    (True, True)
    """
    compare = _OPERATORS.get(_WORDS.get(operator, operator))
    if compare is None:
        raise ValueError(f"'{operator}' does not compare versions; there are {', '.join([*_OPERATORS, *_WORDS])}")
    if kind not in KINDS:
        raise ValueError(f"there is no kind of version '{kind}'; there are {', '.join(KINDS)}")
    if value is None or str(value) == "":
        raise ValueError("the version value cannot be empty")
    if other is None or str(other) == "":
        raise ValueError("the version to compare against cannot be empty")
    try:
        return compare(KINDS[kind](str(value)), KINDS[kind](str(other)))
    except TypeError:
        raise ValueError(f"versions '{value}' and '{other}' cannot be compared: a number meets a word") from None
