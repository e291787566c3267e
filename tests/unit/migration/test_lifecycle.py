"""Which phase follows, and which gates are shut, by how much, and what opens them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provisioner.diagnostics.position import Position, Source
from provisioner.journal.chronicle import Entry
from provisioner.migration.lifecycle import PHASES, Situation, gates, next_phase, shut
from provisioner.migration.record import ORDER, Standing, samples, standing
from provisioner.model.migration import Approvals, Limits, Migration, Part
from provisioner.model.window import Recurrence, Rule, Window

HERE = Position(Source("shop.yml"), 1, 3)
SHOP = Migration("shop", HERE, ".", "shop.yml", {"old": "a", "new": "b"})
NIGHT = datetime(2026, 6, 6, 21, 0, tzinfo=UTC)  # 23:00 in Berlin
WINDOW = Window((Rule(Recurrence("cron", "0 22 * * *", "Europe/Berlin", 4 * 3600.0)),))


def entries(*told: tuple[str, dict[str, object]], at: float = 1000.0) -> list[Entry]:
    return [Entry(kind, at + number, "ann", data) for number, (kind, data) in enumerate(told)]


def state(name: str, **more: object) -> Standing:
    found = standing(entries(("state", {"state": name})))
    for key, value in more.items():
        setattr(found, key, value)
    return found


def rehearsed() -> Standing:
    return standing(entries(
        ("began", {"phase": "rehearse"}), ("stage", {"stage": "forward: switch", "seconds": 2.0}),
        ("ended", {"ok": True, "fingerprint": "f"}), ("state", {"state": "ready"}),
    ))  # fmt: skip


def said(phase: str, migration: Migration, found: Standing, **more: object) -> list[str]:
    situation = Situation(migration, found, NIGHT.timestamp(), "f", **more)  # type: ignore[arg-type]
    return [each.said() for each in shut(PHASES[phase], situation)]


def test_every_state_of_the_walk_leads_to_the_next() -> None:
    walked, name = [], "designed"
    while (phase := next_phase(state(name))) and phase.leads_to != name:
        walked.append(phase.name)
        name = phase.leads_to
    assert walked == ["discover", "assess", "build", "seed", "rehearse", "ready", "cutover", "confirm"]
    assert all(phase.needs in ORDER and phase.leads_to in ORDER for phase in PHASES.values())


def test_a_phase_out_of_turn_is_refused_with_what_comes_first() -> None:
    assert said("cutover", SHOP, state("built"))[0] == (
        "order is shut: cutover needs the state ready, this is built; next is 'provisioner migrate ready'"
    )
    assert "the switch is done" in said("seed", SHOP, state("observing"))[0]


def test_a_hold_shuts_every_phase_until_it_is_released() -> None:
    assert "audit" in said("seed", SHOP, state("built", held="audit"))[0]
    assert said("seed", SHOP, state("built")) == []


def test_a_rehearsal_counts_for_what_was_rehearsed_and_for_its_time_only() -> None:
    found = rehearsed()
    found.rehearsal.ended = NIGHT.timestamp() - 60  # type: ignore[union-attr]
    assert said("cutover", SHOP, found) == []
    found.rehearsed_as = "other"
    assert "changed since the rehearsal" in said("cutover", SHOP, found)[0]
    found.rehearsed_as, found.rehearsal.ended = "f", NIGHT.timestamp() - 20 * 86400  # type: ignore[union-attr]
    assert "20.0 days old, 6.0 days too old" in said("cutover", SHOP, found)[0]


def test_a_waived_gate_is_open_and_says_why() -> None:
    found = state("rehearsed", waivers={"rehearsal": "small box (ann)"})
    told = {each.name: each for each in gates(PHASES["ready"], Situation(SHOP, found, NIGHT.timestamp(), "f"))}
    assert told["rehearsal"].is_open
    assert told["rehearsal"].why == "waived: small box (ann)"


def test_approvals_count_only_of_those_who_may_give_them() -> None:
    strict = replace(SHOP, approvals=Approvals(2, ("ann", "ben")))
    found = rehearsed()
    found.rehearsal.ended = NIGHT.timestamp()  # type: ignore[union-attr]
    found.approvals = {"ann": 1.0, "eve": 2.0}
    assert said("cutover", strict, found) == [
        "approvals is shut: 1 of 2 approvals of ann, ben are missing; 'provisioner migrate approve'"
    ]


@pytest.mark.parametrize(
    ("hour", "forward_s", "said_contains"),
    [
        (21, 600.0, ""),
        (12, 600.0, "no window is open; one opens in 8.0 h"),
        (23, 7200.0, "too late by 3.0 h: moving takes 2.0 h and going back 2.0 h, the window is open for 60 min more"),
    ],
)
def test_what_cannot_be_finished_and_undone_inside_the_window_does_not_start(
    hour: int, forward_s: float, said_contains: str
) -> None:
    migration = replace(SHOP, window=WINDOW)
    found = rehearsed()
    now = NIGHT.replace(hour=hour)
    found.rehearsal.ended = now.timestamp()  # type: ignore[union-attr]
    situation = Situation(migration, found, now.timestamp(), "f", forward_s, forward_s)
    told = [each.said() for each in shut(PHASES["cutover"], situation)]
    assert (said_contains in told[0]) if said_contains else told == []


@pytest.mark.parametrize(("day", "opens"), [("2026-03-29", 20), ("2026-10-25", 21)])
def test_the_window_is_right_in_both_nights_of_clock_change(day: str, opens: int) -> None:
    """22:00 in Berlin is 20:00 UTC after the change in March and 21:00 after that in October."""
    migration = replace(SHOP, window=WINDOW)
    found = rehearsed()
    begins = datetime.fromisoformat(f"{day}T{opens:02}:00:00+00:00").timestamp()
    for moment, is_open in ((begins - 1, False), (begins, True)):
        found.rehearsal.ended = moment  # type: ignore[union-attr]
        told = shut(PHASES["cutover"], Situation(migration, found, moment, "f"))
        assert (told == []) is is_open


def test_a_data_set_that_is_behind_keeps_the_switch_shut_and_says_by_how_much() -> None:
    part = Part("db", "postgresql", {}, HERE, Limits(delta_s=5, lag_s=1, cycles=2))
    found = rehearsed()
    found.rehearsal.ended = NIGHT.timestamp()  # type: ignore[union-attr]
    found.measured = {"db": [{"seconds": 1.0, "lag_s": 9.0}, {"seconds": 1.0, "lag_s": 3.0}]}
    assert said("cutover", replace(SHOP, data=(part,)), found) == [
        "sync is shut: db: it lags 3.0 s, more than 1 s; run 'provisioner migrate seed' again"
    ]


def test_the_point_of_no_return_needs_its_words_typed() -> None:
    found = state("observing")
    migration = replace(SHOP, observe_s=0.0)
    assert said("finalize", migration, found) == [
        "confirmation is shut: this cannot be undone; confirm with --yes 'finalize shop'"
    ]
    assert said("finalize", migration, found, typed="finalize shop") == []


def test_a_changed_definition_takes_approvals_away() -> None:
    found = standing(entries(("defined", {"fingerprint": "1"}), ("approved", {}), ("defined", {"fingerprint": "2"})))
    assert found.approvals == {}


def test_an_attempt_without_an_end_is_unfinished() -> None:
    told = [("began", {"phase": "cutover"}), ("decided", {"host": "lb"})]
    found = standing(entries(*told))  # type: ignore[arg-type]
    assert found.unfinished is not None
    assert found.unfinished.decided
    assert standing(entries(*told, ("ended", {"ok": True}))).unfinished is None  # type: ignore[arg-type]


def test_only_attempts_that_went_well_say_how_long_it_takes() -> None:
    found = rehearsed()
    assert samples(found.attempts, "rehearse") == {"forward: switch": [2.0]}


def test_a_part_of_a_second_of_observing_is_still_a_second_to_wait_for() -> None:
    found = state("observing")
    found.since = NIGHT.timestamp() - 0.7
    (reason, *_) = said("finalize", replace(SHOP, observe_s=1.0), found)
    assert reason == "observation is shut: observed for 0 s, 1 s are left; wait"
