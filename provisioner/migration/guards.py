"""The hosts' own way back during a cut-over: armed before the freeze, called off by the decision, alone without us.

The first guard that is confirmed is the decision: it is that of the host that switches requests. Before it, whatever
dies, every armed host goes back by itself; after it everything goes forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration import bare_guard
from provisioner.migration.steps import Step
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class GuardUse:
    """A guard on the hosts of a role: what they do alone ``later_s`` after the time is over.

    ``is_bare``: these hosts have no Python, and the steps are scripts.
    """

    id: str
    role: str
    later_s: float
    steps: Sequence[Mapping[str, object]]
    is_bare: bool = False

    def task(self, title: str, **more: object) -> Step:
        """Return a task about this guard."""
        return Step(self.role, {"name": self.title(title), "armed_guard": {"id": self.id, **more}})

    def title(self, says: str) -> str:
        """Return the name of a task about this guard."""
        return f"guard of {self.role}: {says}"

    def status(self) -> list[Step]:
        """Ask what became of it."""
        if self.is_bare:
            return [Step(self.role, bare_guard.status(self.title("ask what became of it"), self.id))]
        return [_marked(self.task("ask what became of it", do="status"), register="migration_guard")]


def arm(guard: GuardUse, seconds: float) -> list[Step]:
    """Arm it."""
    steps = [dict(each) for each in guard.steps]
    if guard.is_bare:
        return [Step(guard.role, bare_guard.arm(guard.title("arm"), guard.id, seconds + guard.later_s, steps))]
    words = {"seconds": seconds + guard.later_s, "steps": steps, "survive_reboot": True, "may_do_without": True}
    return [guard.task("arm", do="arm", **words)]


def reach(guard: GuardUse) -> list[Step]:
    """Connect anew: what is decided over the old connection proves nothing about the new one."""
    if guard.is_bare:
        return [Step(guard.role, each) for each in bare_guard.reach(guard.title("reach over a new connection"))]
    return [guard.task("reach over a new connection", do="reach", seconds=5.0)]


def commit(guard: GuardUse) -> list[Step]:
    """Confirm it: from now on the host does not go back."""
    return [_confirming(guard, "confirm")]


def call_off(guard: GuardUse) -> list[Step]:
    """Call it off, whatever became of it."""
    return [_marked(_confirming(guard, "call off"), failed_when=False)]


def _confirming(guard: GuardUse, says: str) -> Step:
    if guard.is_bare:
        return Step(guard.role, bare_guard.confirm(guard.title(says), guard.id))
    return guard.task(says, do="confirm")


def _marked(step: Step, **more: object) -> Step:
    return Step(step.on, {**step.task, **more})
