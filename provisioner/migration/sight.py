"""What findings look at and what they are: two servers as they were seen, and one thing that is wrong with moving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from provisioner.discovery.snapshot import Item, Snapshot
from provisioner.records import dataclass

DAY_S = 86_400.0


class Severity(StrEnum):
    """How much a finding stands in the way; an inhibitor shuts the gate to the next phase."""

    INHIBITOR = "inhibitor"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return the place in the order, 0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing. ``name`` is stable and what people accept it by.

    ``evidence`` holds what was seen, a line each; ``accepted_by`` who took it upon themselves, and why.
    """

    name: str
    severity: Severity
    title: str
    why: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    accepted_by: str = ""


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What the domain name system says of a name: its addresses and for how long caches keep them."""

    addresses: tuple[str, ...] = ()
    ttl_s: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that findings may look at. ``is_built``: the new server has been set up, so what it lacks counts."""

    old: Snapshot
    new: Snapshot | None = None
    now: float = 0.0
    is_built: bool = True
    names: Mapping[str, NameAnswer] = field(default_factory=dict)
    backup_proof: str = ""

    @property
    def sides(self) -> tuple[tuple[str, Snapshot], ...]:
        """Return both servers, or the old one alone, each with its role."""
        return (("old", self.old), *((("new", self.new),) if self.new is not None else ()))

    def pair(self, scope: str) -> tuple[Mapping[str, Item], Mapping[str, Item]] | None:
        """Return a scope's items on both servers, None where one of them was not seen."""
        if self.new is None or not (has(self.old, scope) and has(self.new, scope)):
            return None
        return self.old.items(scope), self.new.items(scope)


def has(snapshot: Snapshot, scope: str) -> bool:
    """Tell whether a scope was looked at and something of it could be seen."""
    found = snapshot.scopes.get(scope)
    return found is not None and found.coverage != "none"


def measured(snapshot: Snapshot, scope: str) -> Mapping[str, Any]:
    """Return what was measured in a scope, nothing where it was not looked at."""
    return snapshot.measured.get(scope, {})


def value(items: Mapping[str, Item], item: str, attribute: str = "value") -> Any:
    """Return an attribute of an item, empty text where it is not there."""
    return items.get(item, {}).get(attribute, "")


def of_kind(items: Mapping[str, Item], prefix: str) -> Iterator[tuple[str, Item]]:
    """Yield the items whose id begins with a prefix, without it."""
    for key, item in items.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), item


def number(given: object) -> float:
    """Return a number as it was seen, 0 where it is none."""
    return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0.0


def size_text(size: float) -> str:
    """Return a number of bytes as people read it.

    >>> size_text(1536), size_text(5 * 2**40)
    ('1.5 KiB', '5 TiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024 or unit == "TiB":
            return f"{size:.1f}".removesuffix(".0") + f" {unit}"
        size /= 1024
    return ""


def lines(found: Iterable[str]) -> tuple[str, ...]:
    """Return lines of evidence in order, each once."""
    return tuple(sorted(set(found)))


def worst(severities: Sequence[Severity]) -> Severity:
    """Return the severity that counts most; info where there is none."""
    return min(severities, key=lambda each: each.rank, default=Severity.INFO)
