"""Listens to the run of a phase and writes into the migration's record what matters for it."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.app.migrating.book import Book
from provisioner.migration import stages as names
from provisioner.migration.compile import stage_of
from provisioner.model import event
from provisioner.model.status import Status

CLASS_OF = {
    names.QUIESCE: "B", names.FINAL: "B", names.CHECK: "B", names.FENCE: "B",
    names.SWITCH: "C", names.SMOKE: "C", names.DECISION: "C", names.RELEASE: "D",
}  # fmt: skip
"""The rollback class that holds from the beginning of a cut-over's stage."""

BAD = frozenset({Status.FAILED, Status.UNREACHABLE, Status.LOST})


class Watch:
    """A sink: times stages, keeps what was measured, notices the decision, remembers what failed first."""

    def __init__(self, book: Book, *, counts: bool = True, prefix: str = "") -> None:
        self._book, self._counts, self._prefix = book, counts, prefix
        self._stage, self._since = "", 0.0
        self._planned: dict[str, event.OperationPlanned] = {}
        self.run = ""
        self.failure = ""
        self.decided = False
        self.answers: dict[str, dict[str, Mapping[str, object]]] = {}

    def handle(self, happened: event.Event) -> None:
        """Take one event."""
        match happened:
            case event.RunStarted():
                self.run = happened.run
                self._book.note("run", run=happened.run)
            case event.PlayStarted():
                self._enter(stage_of(self._book.migration, happened.name), happened.at)
            case event.OperationPlanned():
                self._planned[happened.operation] = happened
            case event.OperationFinished():
                self._finished(happened)
            case event.RunFinished():
                self._enter("", happened.at)

    def _enter(self, stage: str, at: float) -> None:
        if stage == self._stage:
            return
        if self._stage:
            self._book.note("stage", stage=self._prefix + self._stage, seconds=round(at - self._since, 3))
        self._stage, self._since = stage, at
        if stage:
            self._book.note("entered", stage=self._prefix + stage)
        if self._counts and stage in CLASS_OF:
            self._book.note("class", **{"class": CLASS_OF[stage]}, stage=stage)

    def _finished(self, happened: event.OperationFinished) -> None:
        planned = self._planned.get(happened.operation)
        name = planned.name if planned else ""
        measured = happened.result.get("measured")
        if isinstance(measured, dict) and self._counts:
            self._book.note("measured", part=name.partition(":")[0], values=measured)
        if "stragglers" in happened.result and name.startswith("fence: ") and self._counts:
            told = {key: happened.result.get(key) for key in ("count", "quiet_for_s", "stragglers")}
            self._book.note("stragglers", **told)
        if name.startswith("guard of "):
            self._guard(name, happened)
        if happened.status in BAD and not self.failure and not happened.effects.get("rescued"):
            said = str(happened.result.get("msg", "")).strip().splitlines()
            self.failure = f"{name} on {happened.host}: {said[0] if said else happened.status.value}"

    def _guard(self, name: str, happened: event.OperationFinished) -> None:
        self.answers.setdefault(name, {})[happened.host] = happened.result
        if name.endswith(": confirm") and happened.status not in BAD and not self.decided:
            self.decided = True
            if self._counts:
                self._book.note("decided", host=happened.host)
