"""The numbers a play gives the scheduler."""

from __future__ import annotations

from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """``slots`` hosts at most work at once (forks); ``pinned`` hosts keep theirs to the end (host_pinned).

    ``max_fail_percentage``: when more of the batch have failed, everything stops. ``force_handlers``: failed hosts
    still run what was notified. ``informed`` hosts need not gather facts.
    """

    slots: int = 50
    pinned: bool = False
    max_fail_percentage: float | None = None
    each_for_itself: bool = False
    """Whether no host's failure is ever that of others (free, host_pinned)."""
    force_handlers: bool = False
    send_ahead: bool = True
    informed: frozenset[str] = frozenset()
    batch_size: int = 0
    """How many hosts the batch was cut to, with those that failed before it began; 0: those it begins with."""

    def too_many(self, failed: int, hosts: int) -> bool:
        """Tell whether more hosts failed than ``max_fail_percentage`` allows."""
        limit = self.max_fail_percentage
        return limit is not None and failed / (self.batch_size or hosts) * 100 > limit
