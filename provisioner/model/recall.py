"""What an earlier run did, as a run that goes on from there needs it: the outcome of every operation on every host."""

from __future__ import annotations

from collections import deque
from dataclasses import field, replace

from provisioner.model.event import Data, OperationFinished, OperationPlanned, RunFinished, RunStarted
from provisioner.model.status import Status
from provisioner.records import dataclass

Place = tuple[str, str]
"""An operation and a host."""

DONE = frozenset({Status.OK, Status.CHANGED, Status.SKIPPED, Status.IGNORED})

UNRECORDED = frozenset({"raw"})
"""Actions that a host runs without keeping a record of them, as there may be no Python."""

STOP, AGAIN, TAKEN = "stop", "again", "done"
"""What to do with operations of unknown outcome: say so and leave the host, run them again, take them for done."""


@dataclass
class Recall:
    """The outcomes of a run, taken one by one by the run that resumes it.

    ``ended`` holds, for each operation and host, what counts as done, in the order in which it was done. ``tried`` says
    how often it came to another end and is to be done anew, ``unknown`` where nobody knows what came of it,
    ``items`` which items of a loop were done where it failed at others or was cut off, by their place in it.
    ``unrecorded`` is what no host keeps a record of: only its end in the journal tells of it. ``answers`` are those to
    ``vars_prompt``, by play and variable; ``files`` what was read to be sent, with checksums.
    """

    started: RunStarted
    finished: RunFinished | None = None
    planned: dict[str, OperationPlanned] = field(default_factory=dict)
    ended: dict[Place, deque[OperationFinished]] = field(default_factory=dict)
    tried: dict[Place, int] = field(default_factory=dict)
    unknown: dict[Place, OperationFinished] = field(default_factory=dict)
    items: dict[Place, dict[int, Data]] = field(default_factory=dict)
    unrecorded: set[Place] = field(default_factory=set)
    decided: str = STOP
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def look(self, operation: str, host: str) -> OperationFinished | None:
        """Return what came of an operation on a host, or None where it is to be done now."""
        waiting = self.ended.get((operation, host))
        return waiting[0] if waiting else None

    def use(self, operation: str, host: str) -> None:
        """Count the outcome as taken over; the next look is about the operation's next time."""
        self.ended[operation, host].popleft()

    def settle(self, what: str) -> None:
        """Decide about what nobody knows: run it AGAIN, count it as TAKEN, or leave it open (STOP)."""
        self.decided = what
        if what == STOP:
            return
        for place, event in self.unknown.items():
            if what == AGAIN:
                self.tried[place] = self.tried.get(place, 0) + 1
            else:
                taken = replace(event, status=Status.CHANGED, result={"changed": True, "assumed": "done"})
                self.ended.setdefault(place, deque()).append(taken)
        self.unknown.clear()
