"""Listens to the run of a phase and writes into the migration's record what matters for it."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.app.migrating.book import Book
from provisioner.migration import bare_fence, bare_guard, fencing
from provisioner.migration import stages as names
from provisioner.migration.compile import stage_of
from provisioner.migration.record import samples
from provisioner.migration.telling import COST
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

    def __init__(self, book: Book, *, counts: bool = True, prefix: str = "", shows: bool = False) -> None:
        self._book, self._counts, self._prefix, self._shows = book, counts, prefix, shows
        self._began = self._armed = 0.0
        self._expected = timetable(samples(book.standing.attempts, "rehearse")) if shows else {}
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
        if self._shows and stage in CLASS_OF:
            self._book.note("class", **{"class": CLASS_OF[stage]}, stage=stage)
        if self._shows and stage:
            self._show(stage, at)

    def _show(self, stage: str, at: float) -> None:
        """Say where a cut-over stands: time against rehearsal, what going back costs now, and until when it is free."""
        self._began = self._began or at
        rollback_class = CLASS_OF.get(stage, "A")
        parts = [f"{at - self._began:.1f} s", f"class {rollback_class}, going back costs {COST[rollback_class]}"]
        expected = self._expected.get(stage)
        if expected is not None:
            parts.insert(1, f"{expected:.1f} s rehearsed")
        if self._armed and rollback_class in "ABC":
            parts.append(f"the hosts go back alone in {self._armed + self._book.migration.guard_s - at:.0f} s")
        self._book.way.tell(f"-- {stage} | {' | '.join(parts)}")

    def _finished(self, happened: event.OperationFinished) -> None:
        planned = self._planned.get(happened.operation)
        name = planned.name if planned else ""
        measured = happened.result.get("measured")
        if isinstance(measured, dict) and self._counts:
            self._book.note("measured", part=name.partition(":")[0], values=measured)
        told = self._stragglers(happened) if name.startswith("fence: ") and self._counts else None
        if told is not None:
            self._book.note("stragglers", **{key: told.get(key) for key in ("count", "quiet_for_s", "stragglers")})
        if name.startswith("guard of "):
            self._guard(name, happened)
        if happened.status in BAD and not self.failure and not happened.effects.get("rescued"):
            self.failure = f"{name} on {happened.host}: {_why(happened)}"

    def _stragglers(self, happened: event.OperationFinished) -> Mapping[str, object] | None:
        """Return who still asked the old server, where this is what was asked."""
        fence = self._book.migration.fence
        if fence is None or "stragglers" in happened.result:
            return happened.result if fence is not None else None
        told = fencing.Params.parse(fence)
        return bare_fence.told_by(str(happened.result.get("stdout", "")), told.quiet_s)

    def _guard(self, name: str, happened: event.OperationFinished) -> None:
        answer = {**happened.result, "state": bare_guard.state_in(happened.result) or None}
        self.answers.setdefault(name, {})[happened.host] = answer
        if name.endswith(": arm") and not self._armed:
            self._armed = happened.at
        if name.endswith(": confirm") and happened.status not in BAD and not self.decided:
            self.decided = True
            if self._counts:
                self._book.note("decided", host=happened.host)


def _why(happened: event.OperationFinished) -> str:
    """Return in a line why something failed; of a script what it said itself."""
    said = str(happened.result.get("msg", "")).strip().splitlines()
    complaint = str(happened.result.get("stderr", "")).strip().splitlines()
    if said[:1] == ["non-zero return code"] and complaint:
        return complaint[-1]
    return said[0] if said else happened.status.value


def timetable(rehearsed: Mapping[str, list[float]]) -> dict[str, float]:
    """Return after how many seconds each stage of a cut-over began when it was rehearsed, as far as that is known."""
    found: dict[str, float] = {}
    passed = 0.0
    for stage in names.CUTOVER:
        seconds = rehearsed.get(f"forward: {stage}")
        if not seconds:
            break
        found[stage], passed = passed, passed + max(seconds)
    return found
