"""Runs the tasks with this program and notes what each took on the host, by the host's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioner.app.credentials import Asked, gather
from provisioner.app.run import run_playbooks
from provisioner.model.call import Reply, Request
from provisioner.model.event import Event, OperationFinished, OperationStarted
from provisioner.model.options import RunOptions
from provisioner.model.status import Status
from provisioner.transport.worker_session import WorkerSession


@dataclass(slots=True)
class Found:
    """What one task cost: seconds on the host in each round; how it ended; whether it was bridged."""

    seconds: list[float] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    said: str = ""
    bridged: bool = False


class Watch:
    """Hears what the run does, and what its worker says each request took."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}
        self._titles: dict[str, str] = {}
        self._spent: dict[str, float] = {}
        self._bridged: set[str] = set()

    def noted(self, request: Request, reply: Reply) -> None:
        """Add what one request took to its operation."""
        self._spent[request.link] = self._spent.get(request.link, 0.0) + reply.seconds
        if request.carried is not None:
            self._bridged.add(request.link)

    def handle(self, event: Event) -> None:
        """Note titles when operations begin, and outcomes when they end."""
        if isinstance(event, OperationStarted):
            self._titles[event.operation] = event.title
        elif isinstance(event, OperationFinished):
            found = self.found.setdefault(self._titles.get(event.operation, event.operation), Found())
            found.ended.append(event.status.value)
            if event.operation in self._spent:
                found.seconds.append(self._spent[event.operation])
            found.bridged |= event.operation in self._bridged
            if event.status in {Status.FAILED, Status.UNREACHABLE, Status.IGNORED}:
                found.said = str(event.result.get("msg", ""))


@contextmanager
def _heard(watch: Watch) -> Iterator[None]:
    """Tell ``watch`` of every reply of every session while the body runs."""
    submit = WorkerSession.submit

    def submitting(self: WorkerSession, request: Request, done: Any, output: Any = None) -> None:
        def answered(reply: Reply) -> None:
            watch.noted(request, reply)
            done(reply)

        submit(self, request, answered, output)

    WorkerSession.submit = submitting  # type: ignore[method-assign]
    try:
        yield
    finally:
        WorkerSession.submit = submit  # type: ignore[method-assign]


def _refused(text: str, is_hidden: bool) -> str:
    """Nobody is asked anything."""
    del is_hidden
    raise RuntimeError(text)


def ran(playbook: Path, inventory: Path) -> dict[str, Found]:
    """Run a playbook and return what came of its tasks, by title."""
    watch = Watch()
    credentials = gather(Asked(), lambda text: _refused(text, True))
    options = RunOptions(inventories=(str(inventory),))
    with _heard(watch):
        run_playbooks([str(playbook)], options, credentials, [watch], _refused)
    return watch.found
