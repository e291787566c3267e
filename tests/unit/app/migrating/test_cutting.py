"""Whatever happens to a cut-over, it ends moved, gone back, or with an exact statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner.app.migrating import conduct, cutting, engine, phases
from provisioner.app.migrating.book import Book, Way
from provisioner.app.migrating.conduct import Came
from provisioner.app.migrating.watch import Watch
from provisioner.diagnostics.position import Position, Source
from provisioner.journal import chronicle
from provisioner.migration.casting import Casting
from provisioner.migration.compile import Moment
from provisioner.migration.stages import Stage
from provisioner.model.event import (
    OperationFinished,
    OperationPlanned,
    PlayStarted,
    RunFinished,
    RunStarted,
)
from provisioner.model.migration import Abort, Migration, Part, Section
from provisioner.model.status import Status

AT = Position(Source("shop.yml"), 1, 3)
SHOP = Migration("shop", AT, ".", "shop.yml", {"old": "a", "new": "b", "lb": "c"},
                 switches=(Part("balancer", "haproxy", {"backend": "shop"}, AT),))  # fmt: skip
CASTING = Casting({"old": ("a",), "new": ("b",), "lb": ("c",)}, {"a": "b", "b": "a"}, {})
SAID: list[str] = []


def finished(name: str, host: str, status: Status, **result: object) -> list[object]:
    """Return the events of one operation."""
    return [
        OperationPlanned(f"{name}@{host}", "1", name, "x", "shop.yml:1"),
        OperationFinished(f"{name}@{host}", host, status, result, 10.0),
    ]


class Runs:
    """Plays runs: each phase does what it was told to, and says with what moment it was asked."""

    def __init__(self) -> None:
        self.told: dict[str, list[tuple[int, list[object]]]] = {}
        self.asked: list[tuple[str, int, str]] = []

    def __call__(
        self, book: Book, stages: Sequence[Stage], moment: Moment, watch: Watch | None = None, casting: object = None
    ) -> Came:
        del casting
        watch = watch or Watch(book)
        name = "complete" if stages[0].name == "decision" else moment.phase
        self.asked.append((name, moment.attempt, moment.rollback_class))
        queue = self.told.get(name, [])
        code, events = queue.pop(0) if queue else (0, [])
        for each in (RunStarted("r1", 1.0, "", (), (), "ann"), *events, RunFinished("r1", code, 20.0, 1.0, {})):
            watch.handle(each)  # type: ignore[arg-type]
        return Came(code, watch)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    played = Runs()
    monkeypatch.setattr(cutting, "carry_out", played)
    monkeypatch.setattr(conduct, "carry_out", played)
    return played


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with chronicle.opened(tmp_path / "shop" / "record.jsonl") as record:
        way = Way(SimpleNamespace(), SimpleNamespace(), (), lambda *_: "", SAID.append, "ann")  # type: ignore[arg-type]
        loaded = SimpleNamespace(loading=SimpleNamespace(render=None, extra_vars={}))
        yield Book(SHOP, loaded, CASTING, record, way, "f")  # type: ignore[arg-type]


CONFIRMED = finished("guard of lb: confirm", "c", Status.CHANGED, state="confirmed")
FAILED = finished("database: takes writes", "b", Status.FAILED, msg="no room\nmore")


def test_a_move_that_goes_well_waits_for_its_confirmation(book: Book, runs: Runs) -> None:
    runs.told["cutover"] = [(0, [PlayStarted("1", "shop: quiesce", ("a",), 2.0), *CONFIRMED])]
    assert cutting.cut_over(book) == 0
    assert book.standing.state == "confirming"
    assert book.standing.attempts[-1].decided
    assert book.standing.attempts[-1].stages == {"quiesce": 18.0}


def test_a_failure_before_the_decision_goes_back_without_needing_the_new_server(book: Book, runs: Runs) -> None:
    runs.told["cutover"] = [(2, [PlayStarted("1", "shop: switch", ("b",), 2.0), *FAILED])]
    assert cutting.cut_over(book) == 2
    assert runs.asked == [("cutover", 1, "A"), ("rollback", 1, "C")]
    found = book.standing
    assert (found.state, found.rollback_class) == ("seeding", "A")
    assert found.because == "gone back: database: takes writes on b: no room"


def test_a_failure_after_the_decision_goes_forward(book: Book, runs: Runs) -> None:
    runs.told["cutover"] = [(2, [*CONFIRMED, *FAILED])]
    assert cutting.cut_over(book) == 0
    assert [name for name, *_ in runs.asked] == ["cutover", "complete"]
    assert book.standing.state == "confirming"


@pytest.mark.parametrize(
    ("answer", "follows", "state"),
    [("confirmed", "complete", "confirming"), ("armed", "rollback", "seeding"), ("undone", "rollback", "seeding")],
)
def test_after_a_lost_controller_the_deciding_host_is_asked_what_became_of_it(
    book: Book, runs: Runs, answer: str, follows: str, state: str
) -> None:
    book.note("began", phase="cutover")
    book.enter("cutting_over")
    asked = finished("guard of lb: ask what became of it", "c", Status.OK, state=answer)
    runs.told["probe"] = [(0, asked)]
    engine.settle(book)
    assert runs.asked[-1][0] == follows
    assert book.standing.state == state


def test_a_deciding_host_without_python_is_understood_too(book: Book, runs: Runs) -> None:
    book.note("began", phase="cutover")
    book.enter("cutting_over")
    runs.told["probe"] = [
        (0, finished("guard of lb: ask what became of it", "c", Status.OK, stdout="confirmed\n", rc=0))
    ]
    engine.settle(book)
    assert runs.asked[-1][0] == "complete"


def test_of_a_script_that_failed_its_own_words_are_the_statement(book: Book, runs: Runs) -> None:
    failed = finished("guard of old: arm", "a", Status.FAILED, msg="non-zero return code", stderr="a\nno room\n")
    runs.told["cutover"] = [(2, failed)]
    cutting.cut_over(book)
    assert book.standing.because == "gone back: guard of old: arm on a: no room"


def test_the_ledger_of_a_host_without_python_is_kept_as_any_other(book: Book) -> None:
    book.migration = replace(SHOP, fence={"ports": ["80"]})
    watch = Watch(book)
    for each in finished("fence: stragglers", "a", Status.OK, stdout='{"nftables": []}', rc=0):
        watch.handle(each)  # type: ignore[arg-type]
    assert book.standing.stragglers["count"] == 0


def test_where_the_deciding_host_cannot_be_asked_the_state_is_unknown_and_says_who_knows(
    book: Book, runs: Runs
) -> None:
    book.note("began", phase="cutover")
    book.enter("cutting_over")
    runs.told["probe"] = [(4, finished("guard of lb: ask what became of it", "c", Status.UNREACHABLE, msg="away"))]
    assert engine.settle(book) == 4
    assert book.standing.state == "unknown"
    assert "known by c alone, which cannot be reached" in book.standing.because


def test_what_was_decided_goes_forward_also_when_the_first_try_to_complete_it_failed(book: Book, runs: Runs) -> None:
    runs.told["cutover"] = [(2, [*CONFIRMED, *FAILED])]
    runs.told["complete"] = [(2, FAILED), (0, [])]
    assert cutting.cut_over(book) == 2
    assert book.standing.state == "unknown"
    engine.settle(book)
    assert [name for name, *_ in runs.asked] == ["cutover", "complete", "reach", "complete"]
    assert book.standing.state == "confirming"


@pytest.mark.parametrize(("decided", "rollback_class"), [(True, "D"), (False, "C")])
def test_a_way_back_that_broke_goes_on_as_what_it_was(
    book: Book, runs: Runs, decided: bool, rollback_class: str
) -> None:
    book.note("began", phase="cutover")
    book.enter("confirming")
    if decided:
        book.note("decided", host="c")
    runs.told["rollback"] = [(4, FAILED), (0, [])]
    cutting.go_back(book, "asked", is_lossless=not decided)
    assert book.standing.state == "unknown"
    engine.settle(book)
    assert [told for told in runs.asked if told[0] == "rollback"] == [("rollback", 1, rollback_class)] * 2
    assert book.standing.state == "seeding"


def test_numbers_beyond_the_limit_take_the_move_back_with_what_was_written(
    book: Book, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.migration = replace(SHOP, abort=Abort(error_rate=0.01))
    seen = {"requests": 100, "failed": 5, "error_rate": 0.05, "latency_s": 0.1}
    monkeypatch.setattr(cutting.Prober, "seen", lambda _self: seen)
    runs.told["cutover"] = [(0, CONFIRMED)]
    cutting.cut_over(book)
    assert runs.asked[-1] == ("rollback", 1, "D")
    assert book.standing.because == "gone back: 5.0% of 100 probes failed, more than 1.0%"


def test_going_back_is_refused_where_nothing_was_switched_and_where_the_way_back_was_given_up(
    book: Book, runs: Runs
) -> None:
    SAID.clear()
    book.enter("ready")
    assert engine.roll_back(book, "x") == 1
    book.enter("finalized")
    assert engine.roll_back(book, "x") == 1
    assert "nothing was switched" in SAID[0]
    assert "the way back was given up" in SAID[1]
    assert runs.asked == []


def test_tasks_beside_a_phase_that_has_none_of_its_own_run_around_it_and_a_failure_ends_it(
    book: Book, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "carry_out", runs)
    section = Section(("old",), {"tasks": [{"ping": None}]}, AT)
    book.migration = replace(SHOP, sections={"discover.before": (section,), "discover.after": (section,)})
    done: list[str] = []
    assert phases.surrounded(book, "discover", lambda _book: done.append("looked") or 0) == 0  # type: ignore[func-returns-value]
    assert ([name for name, *_ in runs.asked], done) == (["discover", "discover"], ["looked"])
    runs.told["discover"] = [(2, [])]
    assert phases.surrounded(book, "discover", lambda _book: done.append("again") or 0) == 2  # type: ignore[func-returns-value]
    assert done == ["looked"], "what fails before a phase keeps it from beginning"
