"""An attempt under way in its host's line, and which session it and the others of its line use."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import field
from typing import Any

from provisioner.diagnostics.errors import Lost
from provisioner.execution.needs import Call, Need, Together
from provisioner.execution.outcome import Outcome
from provisioner.execution.task_run import TaskRun
from provisioner.model.call import Reply
from provisioner.model.target import Become, Target
from provisioner.records import dataclass
from provisioner.variables.scope import Layer


@dataclass(eq=False)
class Running:
    """An attempt under way. ``answer`` is kept until the attempt is first in its host's line."""

    run: TaskRun
    steps: Generator[Need, Any, Outcome]
    started: float
    ahead: bool
    need: Need | None = None
    replies: list[Reply | None] = field(default_factory=list)
    answer: Any = None
    is_answered: bool = False
    outcome: Outcome | None = None
    is_announced: bool = False
    is_cancelled: bool = False
    is_behind_lost: bool = False
    writes: tuple[Layer, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Operation and host."""
        return self.run.operation.id, self.run.host


def was_run(running: Running) -> bool:
    """Tell whether all that the attempt wanted was done, or may have been, though what came before it failed after all.

    The worker saw no failure where the controller did; what is done must be in the record. So must what may have been
    done: requests that were with the worker when contact broke.
    """
    if running.is_behind_lost and any(r is not None and isinstance(r.error, Lost) for r in running.replies):
        return True
    last = isinstance(running.need, (Call, Together)) and running.need.last
    return last and all(r is not None and r.result is not None for r in running.replies)


def works_here(line: deque[Running]) -> bool:
    """Tell whether what is under way may change files of this machine, which templates behind it may read."""
    session = under_way(line)
    return session is not None and session[0].connection == "local"


def under_way(line: deque[Running]) -> tuple[Target, Become | None] | None:
    """Return the one session that all attempts of a line use that still wait for something."""
    return next((session for session in (session_of(r.need) for r in reversed(line)) if session is not None), None)


def session_of(need: Need | None) -> tuple[Target, Become | None] | None:
    """Return the one session that a need uses; None where there are several or none."""
    if isinstance(need, Call):
        return need.target, need.become
    used = {(call.target, call.become) for call in need.calls} if isinstance(need, Together) else set()
    return used.pop() if len(used) == 1 else None
