"""How long a move takes, from what its record says."""

from __future__ import annotations

from provisioner.diagnostics.position import Position, Source
from provisioner.migration.record import Attempt, Standing
from provisioner.migration.stages import CUTOVER, FINAL, GO_BACK
from provisioner.migration.timing import UNTIMED_S, latest_passes, timed
from provisioner.model.migration import Migration, Part

HERE = Position(Source("shop.yml"), 1, 3)
SHOP = Migration("shop", HERE, ".", "shop.yml", {"old": "a", "new": "b"},
                 data=(Part("db", "postgresql", {}, HERE), Part("files", "files", {}, HERE)))  # fmt: skip


def rehearsal(seconds: float, *, ok: bool = True) -> Attempt:
    stages = {f"forward: {stage}": seconds for stage in CUTOVER} | {f"back: {stage}": seconds for stage in GO_BACK}
    return Attempt("rehearse", 1, 0.0, "ann", ended=1.0, ok=ok, stages=stages)


def measured(*seconds: float) -> list[dict[str, float]]:
    return [{"seconds": each} for each in seconds]


def test_what_nobody_timed_is_guessed_and_named() -> None:
    found = timed(SHOP, Standing())
    assert found.unknown == (*CUTOVER, *GO_BACK)
    assert found.forward.p90 == UNTIMED_S * len(CUTOVER)
    assert found.rollback.p90 == UNTIMED_S * len(GO_BACK)


def test_rehearsals_that_went_well_count_with_the_spread_they_have() -> None:
    found = timed(SHOP, Standing(attempts=[rehearsal(2.0), rehearsal(500.0, ok=False)]))
    assert found.unknown == ()
    assert found.forward.p50 == 2 * len(CUTOVER)
    assert found.forward.p90 == 3 * len(CUTOVER)


def test_an_earlier_cutover_and_a_way_back_count_too() -> None:
    cutover = Attempt("cutover", 1, 0.0, "ann", ended=1.0, ok=True, stages={stage: 4.0 for stage in CUTOVER})
    returned = Attempt("rollback", 1, 0.0, "ann", ended=1.0, ok=True, stages={stage: 8.0 for stage in GO_BACK})
    found = timed(SHOP, Standing(attempts=[rehearsal(2.0), cutover, returned]))
    assert found.forward.p50 == 3 * len(CUTOVER)
    assert found.rollback.p50 == 5 * len(GO_BACK)


def test_passes_that_grew_since_the_rehearsal_make_the_last_copy_longer() -> None:
    standing = Standing(attempts=[rehearsal(2.0)])
    before = timed(SHOP, standing)
    standing.measured = {"db": measured(900, 1, 1, 1, 1), "files": measured(800, 20, 30, 40, 50)}
    assert latest_passes(SHOP, standing) == (21, 31, 41, 51)
    after = timed(SHOP, standing)
    assert dict(after.steps)[FINAL].p50 == 61
    assert after.forward.p90 > before.forward.p90 + 50


def test_the_first_copy_is_no_pass_and_sets_that_are_shorter_are_taken_to_have_been_the_same() -> None:
    standing = Standing(measured={"db": measured(900), "files": measured(800, 5, 6)})
    assert latest_passes(SHOP, standing) == (5, 6)
    standing.measured["db"] = [{"lag_s": 1.0}, *measured(900, 2)]
    assert latest_passes(SHOP, standing) == (7, 8)
    assert latest_passes(SHOP, Standing()) == ()
