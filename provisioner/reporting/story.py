"""What has been told so far: names and places of operations, what runs now, what failed. Every renderer keeps one."""

from __future__ import annotations

from dataclasses import field

from provisioner.model.event import (
    CheckFinished,
    Event,
    HandlerOwed,
    OperationFinished,
    OperationPlanned,
    OperationStarted,
    PlayStarted,
    RunFinished,
    RunStarted,
)
from provisioner.model.status import Status
from provisioner.records import dataclass
from provisioner.reporting.recap import Recap

UNKNOWN = OperationPlanned("", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that ended badly on a host, or a check that did not hold."""

    host: str
    title: str
    where: str
    status: Status
    result: dict[str, object]


@dataclass(slots=True)
class Story:
    """Folds events; attributes are for reading. Failures that a rescue caught are not among ``failures``.

    ``open_checks`` are those that did not hold and whose operation goes on: once it has ended, its failure tells all.
    """

    started: RunStarted | None = None
    finished: RunFinished | None = None
    plays: dict[str, PlayStarted] = field(default_factory=dict)
    operations: dict[str, OperationPlanned] = field(default_factory=dict)
    running: dict[tuple[str, str], OperationStarted] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    checks: list[CheckFinished] = field(default_factory=list)
    open_checks: list[CheckFinished] = field(default_factory=list)
    owed: list[HandlerOwed] = field(default_factory=list)
    recap: Recap = field(default_factory=Recap)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.recap.add(event)
        match event:
            case RunStarted():
                self.started = event
            case RunFinished():
                self.finished = event
            case PlayStarted():
                self.plays[event.play] = event
            case OperationPlanned():
                self.operations[event.operation] = event
            case OperationStarted():
                self.running[event.operation, event.host] = event
                self.titles[event.operation, event.host] = event.title
            case OperationFinished():
                self._finish(event)
            case CheckFinished():
                self.checks.append(event)
                self.open_checks += [] if event.passed else [event]
            case HandlerOwed():
                self.owed.append(event)
            case _:
                pass

    def operation(self, id: str) -> OperationPlanned:
        """Return what was planned under ``id``; an empty plan where nothing was."""
        return self.operations.get(id, UNKNOWN)

    def title(self, id: str, host: str) -> str:
        """Return what to call an operation on a host: ``role : name``, as rendered for that host."""
        planned = self.operation(id)
        name = self.titles.get((id, host)) or planned.name or planned.action or id
        if not planned.role or planned.action == "include_role" or name.startswith(f"{planned.role} : "):
            return name
        return f"{planned.role} : {name}"

    def _finish(self, event: OperationFinished) -> None:
        self.running.pop((event.operation, event.host), None)
        ended = event.operation, event.host
        self.open_checks = [check for check in self.open_checks if (check.operation, check.host) != ended]
        if event.status.is_bad and not event.effects.get("rescued"):
            where = self.operation(event.operation).where
            title = self.title(event.operation, event.host)
            self.failures.append(Failure(event.host, title, where, event.status, dict(event.result)))
