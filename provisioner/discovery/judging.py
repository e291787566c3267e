"""Differences between two servers, and how much each matters: rules that every scope writes down for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeAlias

from provisioner.discovery.snapshot import Item, Json
from provisioner.records import dataclass


class Severity(StrEnum):
    """How much a difference matters."""

    EXPECTED = "expected"
    INFORMATIVE = "informative"
    BLOCKING = "blocking"


class Kind(StrEnum):
    """How an item differs."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    UNSEEN = "not comparable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One item, or one attribute of it, that is not the same on both servers.

    ``note`` says why the severity is what it is. ``waived`` is who explained it and why; then it does not block.
    """

    scope: str
    item: str
    kind: Kind
    attribute: str = ""
    old: Json = None
    new: Json = None
    severity: Severity = Severity.BLOCKING
    note: str = ""
    waived: str = ""

    @property
    def blocks(self) -> bool:
        """Tell whether it has to be explained still."""
        return self.severity is Severity.BLOCKING and not self.waived

    @property
    def what(self) -> str:
        """Return what waivers' patterns are held against."""
        return f"{self.item} {self.attribute}".rstrip()


@dataclass(frozen=True, slots=True)
class Rule:
    """Which differences of a scope have which severity; the patterns are those of file names, the first rule counts."""

    item: str
    severity: Severity
    note: str = ""
    attribute: str = "*"
    kinds: Sequence[Kind] = tuple(Kind)

    def fits(self, difference: Difference) -> bool:
        """Tell whether this rule is about the difference."""
        return (
            difference.kind in self.kinds
            and fnmatchcase(difference.item, self.item)
            and fnmatchcase(difference.attribute, self.attribute)
        )


Verdict: TypeAlias = "tuple[Severity, str] | None"
Judge = Callable[[Difference, Item, Item], Verdict]
"""What a scope may have beside its rules: ``judge(difference, old item, new item)``; None leaves it to the rules."""


def expected(item: str, note: str, attribute: str = "*") -> Rule:
    """Return a rule for what must differ between two machines."""
    return Rule(item, Severity.EXPECTED, note, attribute)


def informative(item: str, note: str, attribute: str = "*") -> Rule:
    """Return a rule for what may differ."""
    return Rule(item, Severity.INFORMATIVE, note, attribute)


def extra_is_informative(note: str, item: str = "*") -> Rule:
    """Return a rule for items that the old server does not have."""
    return Rule(item, Severity.INFORMATIVE, note, kinds=(Kind.EXTRA,))
