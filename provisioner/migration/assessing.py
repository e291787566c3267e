"""What stands in the way of moving a server: every finding about the old and the new one, and who accepted which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field, replace

from provisioner import catalog
from provisioner.discovery.snapshot import Snapshot
from provisioner.migration.acceptances import Acceptance
from provisioner.migration.sight import Finding, NameAnswer, Severity, Sight
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the two servers. Times are seconds since the epoch.

    ``names`` are the answers of the domain name system, ``backup_proof`` says what restore was proven, if any was.
    """

    now: float
    acceptances: tuple[Acceptance, ...] = ()
    is_built: bool = True
    names: Mapping[str, NameAnswer] = field(default_factory=dict)
    backup_proof: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings about a pair of servers, the worst first."""

    old: str
    new: str
    findings: tuple[Finding, ...] = ()

    def open(self, at_least: Severity = Severity.INFO) -> tuple[Finding, ...]:
        """Return the findings nobody accepted that are as bad as that or worse."""
        return tuple(each for each in self.findings if not each.accepted_by and each.severity.rank <= at_least.rank)

    @property
    def inhibitors(self) -> tuple[str, ...]:
        """Return the names of the open findings that shut the gate."""
        return tuple(each.name for each in self.open(Severity.INHIBITOR))

    def counts(self) -> dict[str, int]:
        """Return how many findings of each severity are open."""
        return {each.value: sum(found.severity is each for found in self.open()) for each in Severity}

    def data(self) -> dict[str, object]:
        """Return everything as plain values."""
        return {
            "old": self.old,
            "new": self.new,
            "open": self.counts(),
            "inhibitors": list(self.inhibitors),
            "findings": [{**asdict(each), "severity": each.severity.value, "evidence": list(each.evidence)}
                         for each in self.findings],
        }  # fmt: skip


def assess(old: Snapshot, new: Snapshot | None, context: Context) -> Assessment:
    """Look for everything that can be wrong; ``new`` is None as long as there is no new server."""
    sight = Sight(old, new, context.now, context.is_built, context.names, context.backup_proof)
    found: list[Finding] = []
    for name in sorted(catalog.names("finding")):
        found += catalog.load("finding", name).look(sight)
    judged = [part for each in found for part in _accepted(each, context.acceptances)]
    judged.sort(key=lambda each: (each.severity.rank, bool(each.accepted_by), each.name))
    return Assessment(old.host, new.host if new is not None else "", tuple(judged))


def _accepted(finding: Finding, acceptances: Sequence[Acceptance]) -> Iterable[Finding]:
    """Return a finding as it is accepted: whole, in part (then it is two), or not."""
    left = finding
    for each in acceptances:
        if not each.fits(left.name):
            continue
        if not each.evidence:
            yield replace(left, accepted_by=each.account)
            return
        taken = tuple(line for line in left.evidence if each.covers(line))
        if taken:
            yield replace(left, evidence=taken, accepted_by=each.account)
            rest = tuple(line for line in left.evidence if line not in taken)
            if not rest:
                return
            left = replace(left, evidence=rest)
    yield left
