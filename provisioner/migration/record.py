"""Where a migration stands, folded from the entries of its record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from provisioner.journal.chronicle import Entry
from provisioner.records import dataclass

DESIGNED, DISCOVERED, ASSESSED, BUILT, SEEDING, IN_SYNC, REHEARSED, READY = (
    "designed", "discovered", "assessed", "built", "seeding", "in_sync", "rehearsed", "ready",
)  # fmt: skip
CUTTING_OVER, CONFIRMING, OBSERVING, FINALIZED, DECOMMISSIONING, RETIRED = (
    "cutting_over", "confirming", "observing", "finalized", "decommissioning", "retired",
)  # fmt: skip
ROLLING_BACK, UNKNOWN, ABORTED = "rolling_back", "unknown", "aborted"
ORDER = (DESIGNED, DISCOVERED, ASSESSED, BUILT, SEEDING, IN_SYNC, REHEARSED, READY, CUTTING_OVER, CONFIRMING, OBSERVING,
         FINALIZED, DECOMMISSIONING, RETIRED)  # fmt: skip
"""The states of a migration in their order; ``rolling_back``, ``unknown`` and ``aborted`` stand beside them."""

UNTOUCHED = frozenset(ORDER[: ORDER.index(CUTTING_OVER)])
"""States in which the old server serves as if there were no migration."""


@dataclass(slots=True)
class Attempt:
    """One time that a phase was carried out: when, by whom, which run recorded it, and how its stages went.

    ``decided``: a cut-over came to its decision. ``is_lossless``: a way back before any write on the new server.
    """

    phase: str
    number: int
    began: float
    by: str
    run: str = ""
    purpose: str = "real"
    ended: float | None = None
    ok: bool = False
    failure: str = ""
    stages: dict[str, float] = field(default_factory=dict)
    decided: bool = False
    is_lossless: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it took; 0 while it goes on."""
        return self.ended - self.began if self.ended is not None else 0.0


@dataclass(slots=True)
class Standing:
    """Everything the record says, summed up."""

    state: str = DESIGNED
    since: float = 0.0
    because: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    measured: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    approvals: dict[str, float] = field(default_factory=dict)
    waivers: dict[str, str] = field(default_factory=dict)
    held: str = ""
    paused: str = ""
    rollback_class: str = "A"
    rehearsal: Attempt | None = None
    rehearsed_as: str = ""
    stragglers: Mapping[str, Any] = field(default_factory=dict)
    artefacts: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def last(self, phase: str, purpose: str = "real") -> Attempt | None:
        """Return the latest attempt of a phase."""
        return next((a for a in reversed(self.attempts) if a.phase == phase and a.purpose == purpose), None)

    @property
    def unfinished(self) -> Attempt | None:
        """Return the attempt that has no end: its controller was killed, or works on it right now."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.ended is None else None

    def is_past(self, state: str) -> bool:
        """Tell whether a state of ORDER was reached."""
        return self.state in ORDER and ORDER.index(self.state) >= ORDER.index(state)


def standing(entries: Iterable[Entry]) -> Standing:
    """Return where the migration stands after its entries."""
    found = Standing()
    for entry in entries:
        _FOLD.get(entry.kind, _nothing)(found, entry, dict(entry.data))
    return found


def _nothing(_found: Standing, _entry: Entry, _data: dict[str, Any]) -> None:
    """Entries that are for people only."""


def _state(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    found.state, found.since, found.because = data["state"], entry.at, data.get("because", "")
    if data["state"] in UNTOUCHED:
        found.rollback_class = "A"


def _defined(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    if data.get("fingerprint") != found.definition.get("fingerprint"):
        found.approvals.clear()
    found.definition = data


def _began(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    number = sum(1 for each in found.attempts if each.phase == data["phase"]) + 1
    purpose = data.get("purpose", "real")
    lossless = bool(data.get("lossless"))
    found.attempts.append(Attempt(data["phase"], number, entry.at, entry.by, purpose=purpose, is_lossless=lossless))


def _stage(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    if found.attempts:
        stages = found.attempts[-1].stages
        stages[data["stage"]] = stages.get(data["stage"], 0.0) + float(data["seconds"])


def _run(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    if found.attempts:
        found.attempts[-1].run = data["run"]


def _ended(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    if not found.attempts:
        return
    attempt = found.attempts[-1]
    attempt.ended, attempt.ok, attempt.failure = entry.at, bool(data["ok"]), data.get("failure", "")
    if attempt.phase == "rehearse" and attempt.ok:
        found.rehearsal, found.rehearsed_as = attempt, data.get("fingerprint", "")


def _decided(found: Standing, _entry: Entry, _data: dict[str, Any]) -> None:
    if cutover := found.last("cutover"):
        cutover.decided = True


def _class(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    found.rollback_class = data["class"]


def _measured(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    found.measured.setdefault(data["part"], []).append({**data["values"], "at": entry.at})
    del found.measured[data["part"]][:-50]


def _approved(found: Standing, entry: Entry, _data: dict[str, Any]) -> None:
    found.approvals[entry.by] = entry.at


def _held(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    found.held = data.get("reason") or "held"


def _released(found: Standing, _entry: Entry, _data: dict[str, Any]) -> None:
    found.held = ""


def _paused(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    found.paused = data.get("after") or "paused"


def _resumed(found: Standing, _entry: Entry, _data: dict[str, Any]) -> None:
    found.paused = ""


def _waived(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    found.waivers[data["gate"]] = f"{data['reason']} ({entry.by})"


def _stragglers(found: Standing, _entry: Entry, data: dict[str, Any]) -> None:
    found.stragglers = data


def _artefact(found: Standing, entry: Entry, data: dict[str, Any]) -> None:
    found.artefacts[data["name"]] = {**data, "at": entry.at}


_FOLD = {
    "state": _state, "defined": _defined, "began": _began, "stage": _stage, "run": _run, "ended": _ended,
    "decided": _decided, "class": _class, "measured": _measured, "approved": _approved, "held": _held,
    "released": _released, "paused": _paused, "resumed": _resumed, "waived": _waived, "stragglers": _stragglers,
    "artefact": _artefact,
}  # fmt: skip


def samples(attempts: Sequence[Attempt], phase: str) -> dict[str, list[float]]:
    """Return the seconds each stage of a phase took in attempts that went well, oldest first."""
    found: dict[str, list[float]] = {}
    for attempt in attempts:
        if attempt.phase == phase and attempt.ok:
            for stage, seconds in attempt.stages.items():
                found.setdefault(stage, []).append(seconds)
    return found
