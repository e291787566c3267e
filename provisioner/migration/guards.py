"""The hosts' own way back during a cut-over: armed before the freeze, called off by the decision, alone without us.

The first guard that is confirmed is the decision: it is that of the host that switches requests. Before it, whatever
dies, every armed host goes back by itself; after it everything goes forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.migration.steps import Step


@dataclass(frozen=True, slots=True)
class GuardUse:
    """A guard on the hosts of a role: what they do alone ``later_s`` after the time is over."""

    id: str
    role: str
    later_s: float
    steps: Sequence[Mapping[str, object]]

    def task(self, title: str, **more: object) -> Step:
        """Return a task about this guard."""
        return Step(self.role, {"name": f"guard of {self.role}: {title}", "armed_guard": {"id": self.id, **more}})

    def status(self) -> list[Step]:
        """Ask what became of it."""
        return [_marked(self.task("ask what became of it", do="status"), register="migration_guard")]


def arm(guard: GuardUse, seconds: float) -> list[Step]:
    """Arm it."""
    steps = [dict(each) for each in guard.steps]
    return [guard.task("arm", do="arm", seconds=seconds + guard.later_s, steps=steps)]


def reach(guard: GuardUse) -> list[Step]:
    """Connect anew: what is decided over the old connection proves nothing about the new one."""
    return [guard.task("reach over a new connection", do="reach", seconds=5.0)]


def commit(guard: GuardUse) -> list[Step]:
    """Confirm it: from now on the host does not go back."""
    return [guard.task("confirm", do="confirm")]


def call_off(guard: GuardUse) -> list[Step]:
    """Call it off, whatever became of it."""
    return [_marked(guard.task("call off", do="confirm"), failed_when=False)]


def _marked(step: Step, **more: object) -> Step:
    return Step(step.on, {**step.task, **more})
