"""What movers and switchers give: tasks, each with the host role it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from provisioner.records import dataclass

OLD, NEW, LB = "old", "new", "lb"
"""Host roles every migration knows; a definition may name more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One task as a playbook would have it, and on which host roles it runs; several roles run it at the same time."""

    on: str | Sequence[str]
    task: Mapping[str, object]

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the host roles."""
        return (self.on,) if isinstance(self.on, str) else tuple(self.on)


class Verb(Protocol):
    """A verb of a mover or switcher: from the name and parameters of what is written to the tasks that do it."""

    def __call__(self, name: str, params: object) -> Sequence[Step]:
        """Return the tasks, in order."""
