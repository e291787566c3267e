"""The numbers a play gives the scheduler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """``slots`` hosts at most work at once (forks); ``pinned`` hosts keep theirs to the end (host_pinned).

    ``max_fail_percentage``: when more of the batch have failed, everything stops. ``force_handlers``: failed hosts
    still run what was notified. ``informed`` hosts need not gather facts.
    """

    slots: int = 50
    pinned: bool = False
    max_fail_percentage: float | None = None
    force_handlers: bool = False
    send_ahead: bool = True
    informed: frozenset[str] = frozenset()
