"""What the scheduler wants done: the only way out."""

from __future__ import annotations

from typing import TypeAlias

from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Run an operation on a host. ``ahead``: its predecessors were sent but have not answered yet."""

    operation: str
    host: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Expand:
    """Compile what an include (or a flush, whose key is ``handlers``) brings; answer with Expanded(ticket)."""

    ticket: int
    operation: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class BatchOver:
    """Every operation reached its final state on every host."""


Instruction: TypeAlias = Dispatch | Expand | BatchOver
