"""What a check asserts: expected beside actual, for people and for machines. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.records import dataclass
from provisioner.remote.params import Parameters, optional

SHOWN = 400
"""How much of a long text a message shows."""

Seen = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that has to hold."""

    what: str
    expected: str
    actual: str
    passed: bool

    def told(self) -> str:
        """Return the assertion as one line of a message."""
        told = f"expected {self.expected}, found {self.actual}"
        return f"{self.what}: {told}" if self.what else told


class CheckParams(Parameters):
    """What every check takes besides its own parameters."""

    name: str | None = optional("str", "What the check is called in messages.")
    retries: int = optional("int", "How often to look again before it counts as failed.", 0)
    delay: float = optional("float", "Seconds between two looks.", 1)


class SoonParams(CheckParams):
    """For checks of what takes a moment to be there: they look again by themselves."""

    retries: int = optional("int", "How often to look again before it counts as failed.", 10)
    delay: float = optional("float", "Seconds between two looks.", 0.5)


def shown(value: object) -> str:
    """Return a value as messages show it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(each) for each in value) or "nothing"
    text = str(value).strip("\n")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def equal(what: str, expected: object, actual: object) -> Assertion:
    """Assert that two values are the same."""
    return Assertion(what, shown(expected), shown(actual), expected == actual)


def one_of(what: str, expected: Sequence[object], actual: object) -> Assertion:
    """Assert that a value is one of several."""
    return Assertion(what, " or ".join(shown(each) for each in expected), shown(actual), actual in expected)


def matching(what: str, pattern: str, actual: str | None) -> Assertion:
    """Assert that a text fits a shell pattern."""
    return Assertion(what, pattern, shown(actual), actual is not None and fnmatch.fnmatchcase(actual, pattern))


def includes(what: str, expected: Iterable[object], actual: Sequence[object]) -> Assertion:
    """Assert that a list has at least these members."""
    wanted = [str(each) for each in expected]
    there = [str(each) for each in actual]
    return Assertion(what, f"at least {shown(wanted)}", shown(there), set(wanted) <= set(there))


def contains(what: str, expected: object, actual: str) -> Iterator[Assertion]:
    """Assert that a text has this, or each of these, in it."""
    parts = expected if isinstance(expected, (list, tuple)) else () if expected is None else (expected,)
    for part in map(str, parts):
        yield Assertion(what, f"something with {part!r}", shown(actual), part in actual)


def matches(what: str, pattern: str, actual: str) -> Assertion:
    """Assert that a regular expression finds something in a text."""
    try:
        is_found = re.search(pattern, actual, re.MULTILINE) is not None
    except re.error as error:
        return Assertion(what, f"a match of {pattern!r}", f"no regular expression: {error}", passed=False)
    return Assertion(what, f"a match of {pattern!r}", shown(actual), is_found)


def unseen(what: str, seen: Seen) -> list[Assertion]:
    """Return the failed assertion that stands for a question without an answer, or nothing."""
    return [Assertion(what, "an answer", shown(seen["error"]), passed=False)] if "error" in seen else []
