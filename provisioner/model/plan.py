"""A plan: what a run would change, operation by operation and host by host, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from provisioner.records import dataclass

PROVEN, PREDICTED, UNKNOWN = "proven", "predicted", "unknown until run"
"""How sure a line is: looked at on the host and computed exactly; computed from what is only foreseen; open."""

Place = tuple[str, str]
"""An operation and a host."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One operation on one host. ``digest`` stands for what exactly would change; ``why`` says why it is not proven.

    ``status`` is changed, ok, skipped or failed. ``drift``: it differs though nobody changed what asks for it.
    """

    operation: str
    host: str
    title: str
    action: str
    where: str
    status: str
    label: str
    why: str = ""
    digest: str = ""
    drift: bool = False
    acts: bool = False
    """The module changes something, and ``changed_when`` does not count it."""

    @property
    def place(self) -> Place:
        """Operation and host."""
        return self.operation, self.host

    @property
    def may_change(self) -> bool:
        """Whether carrying it out may change the host."""
        return self.status == "changed" or self.label == UNKNOWN or self.acts


@dataclass(frozen=True, slots=True)
class Plan:
    """All that was foreseen, and what it was foreseen from. ``unreached`` hosts could not be looked at."""

    at: float
    playbooks: tuple[str, ...]
    inventories: tuple[str, ...]
    options: Mapping[str, object]
    foreseen: tuple[Foreseen, ...]
    unreached: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Hosts on which something fails for sure, and what."""

    @property
    def changes(self) -> tuple[Foreseen, ...]:
        """What changes, or may; what the playbook does not count as a change does not count here."""
        return tuple(each for each in self.foreseen if each.status == "changed" or each.label == UNKNOWN)

    @property
    def unknown_share(self) -> float:
        """How much of what was looked at is open, from 0 to 1; skipped operations do not count."""
        counted = [each for each in self.foreseen if each.status != "skipped" or each.label == UNKNOWN]
        return sum(each.label == UNKNOWN for each in counted) / len(counted) if counted else 0.0

    def allowed(self) -> frozenset[Place]:
        """Return where a run that follows the plan may change something."""
        return frozenset(each.place for each in self.foreseen if each.may_change)
