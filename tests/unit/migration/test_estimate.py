"""The latest safe start: from rehearsals and the latest passes to the minute by which a start is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.migration.estimate import (
    Quantiles,
    StepTimes,
    estimate,
    forecast,
    judge,
    quantiles,
    remaining,
    step_quantiles,
)

OPENS = datetime(2026, 11, 28, 21, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=4)
FORWARD = (StepTimes("final", (600.0,) * 5), StepTimes("switch", (60.0,) * 5))
BACK = (StepTimes("back", (300.0,) * 5),)


def test_without_samples_nothing_is_known() -> None:
    assert quantiles(()) == Quantiles(0, 0)


def test_few_samples_get_half_as_much_again() -> None:
    assert quantiles((10.0,)) == Quantiles(10, 15)
    assert quantiles((10.0, 12.0, 11.0)) == Quantiles(11, 16.5)


def test_a_sample_beyond_the_buffer_counts_more_than_it() -> None:
    assert quantiles((10.0, 10.0, 30.0)).p90 == 26


def test_with_enough_samples_their_own_spread_counts() -> None:
    found = quantiles((10.0, 11.0, 10.0, 11.0, 10.0, 11.0))
    assert found == Quantiles(10.5, 11)


def test_what_is_certain_gets_no_buffer() -> None:
    assert quantiles((300.0,), is_exact=True) == Quantiles(300, 300)


def test_passes_that_stay_the_same_go_on_like_that() -> None:
    assert forecast((100.0, 10.0, 10.0, 10.0, 10.0, 10.0)) == Quantiles(10, 10)


def test_passes_that_grow_are_taken_to_grow_on() -> None:
    found = forecast((10.0, 20.0, 30.0, 40.0, 50.0))
    assert found.p50 == 60
    assert found.p90 > 60


def test_passes_that_shrink_are_not_taken_to_shrink_on() -> None:
    assert forecast((50.0, 40.0, 30.0, 20.0, 10.0)).p50 == 30


def test_one_slow_pass_is_no_trend() -> None:
    assert forecast((10.0, 10.0, 60.0, 10.0, 10.0)).p50 == 10


def test_the_longer_of_rehearsal_and_latest_passes_counts() -> None:
    step = StepTimes("final", (5.0,) * 5, (20.0,) * 5)
    assert step_quantiles(step) == Quantiles(20, 20)


def test_the_latest_start_leaves_time_for_the_way_back() -> None:
    move = estimate(FORWARD, BACK)
    assert move.forward == Quantiles(660, 660)
    assert move.rollback == Quantiles(300, 300)
    assert move.latest_start(CLOSES) == CLOSES - timedelta(seconds=960)
    assert move.rollback_deadline(CLOSES) == CLOSES - timedelta(seconds=300)


def test_a_start_at_the_last_moment_fits_and_one_second_later_is_a_minute_too_late() -> None:
    move = estimate(FORWARD, BACK)
    last = judge(move, CLOSES - timedelta(seconds=960), (OPENS, CLOSES))
    assert last.fits
    assert last.expected_end == CLOSES - timedelta(seconds=300)
    late = judge(move, CLOSES - timedelta(seconds=959), (OPENS, CLOSES))
    assert not late.fits
    assert late.late_minutes == 1


def test_a_start_says_by_how_many_minutes_it_is_too_late_or_too_early() -> None:
    move = estimate(FORWARD, BACK)
    assert judge(move, CLOSES, (OPENS, CLOSES)).late_minutes == 16
    early = judge(move, OPENS - timedelta(minutes=90), (OPENS, CLOSES))
    assert (early.fits, early.early_minutes, early.late_minutes) == (False, 90, 0)


def test_a_window_too_short_for_both_ways_never_fits() -> None:
    move = estimate((StepTimes("final", (4 * 3600.0,) * 5),), BACK)
    assert judge(move, OPENS, (OPENS, CLOSES)).late_minutes == 5


def test_a_step_nobody_timed_does_not_fit_and_is_named() -> None:
    move = estimate((*FORWARD, StepTimes("smoke test")), BACK)
    verdict = judge(move, OPENS, (OPENS, CLOSES))
    assert verdict.unknown == ("smoke test",)
    assert not verdict.fits


def test_what_remains_counts_the_step_under_way_down_but_never_below_nothing() -> None:
    assert remaining(FORWARD, (), 100) == Quantiles(560, 560)
    assert remaining(FORWARD, (), 700) == Quantiles(60, 60)
    assert remaining(FORWARD, ("final",), 10) == Quantiles(50, 50)
    assert remaining(FORWARD, ("final", "switch")) == Quantiles(0, 0)


TIMES = st.lists(st.floats(0, 1e5, allow_nan=False), max_size=12).map(tuple)


@settings(deadline=None)
@given(TIMES)
def test_nine_of_ten_never_need_less_than_every_second(samples: tuple[float, ...]) -> None:
    for found in (quantiles(samples), forecast(samples)):
        assert 0 <= found.p50 <= found.p90 + 1e-6


@settings(deadline=None)
@given(TIMES, st.floats(0, 1e4))
def test_one_more_slow_sample_never_makes_the_start_later(samples: tuple[float, ...], more: float) -> None:
    if len(samples) < 5:
        return
    slower = (*samples, max(samples) + more)
    before, after = estimate((StepTimes("a", samples),), ()), estimate((StepTimes("a", slower),), ())
    assert after.latest_start(CLOSES) <= before.latest_start(CLOSES) + timedelta(milliseconds=1)


@pytest.mark.parametrize("count", [1, 2, 10])
def test_the_whole_is_the_sum_of_its_steps(count: int) -> None:
    move = estimate([StepTimes(f"step {n}", (10.0,)) for n in range(count)], ())
    assert move.forward == Quantiles(10 * count, 15 * count)
    assert [name for name, _ in move.steps] == [f"step {n}" for n in range(count)]
