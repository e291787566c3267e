"""How long a cut-over and the way back will take, and when it must have begun at the latest. Pure arithmetic.

latest safe start = end of the window - forward (p90) - rollback (p90); rollback deadline = end of the window - rollback
(p90). A whole is the sum of its steps' 90th percentiles, not that of its best guesses: moves miss their window not by
a step that was forgotten but by many that took a little longer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from provisioner.records import dataclass

FEW = 5
"""With fewer samples than this their spread is not known yet ..."""
BUFFER = 1.5
"""... and a step is taken to need half as long again as usual."""
RECENT = 5
"""How many of the last passes tell how long the next one takes."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds that are enough every second time, and nine times of ten."""

    p50: float = 0.0
    p90: float = 0.0

    def __add__(self, other: Quantiles) -> Quantiles:
        return Quantiles(self.p50 + other.p50, self.p90 + other.p90)


@dataclass(frozen=True, slots=True)
class StepTimes:
    """What is known of a step: the seconds it took in rehearsals, the oldest first.

    ``passes`` are the seconds of the latest copies of what had changed, the oldest first, where the step is one more of
    them. ``is_exact``: the figure is no measurement but certain, such as the time an old DNS answer lives.
    """

    name: str
    samples: tuple[float, ...] = ()
    passes: tuple[float, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """Forward and back as a whole and by step; ``unknown`` names the steps nobody has timed yet."""

    forward: Quantiles
    rollback: Quantiles
    steps: tuple[tuple[str, Quantiles], ...] = ()
    unknown: tuple[str, ...] = ()

    def latest_start(self, window_end: datetime) -> datetime:
        """Return when the move must have begun so that it can still be taken back inside the window."""
        return window_end - timedelta(seconds=self.forward.p90 + self.rollback.p90)

    def rollback_deadline(self, window_end: datetime) -> datetime:
        """Return until when going back must have begun."""
        return window_end - timedelta(seconds=self.rollback.p90)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a start fits. ``late_s`` and ``early_s`` are by how much it does not; unknown steps never fit."""

    start: datetime
    latest_start: datetime
    rollback_deadline: datetime
    expected_end: datetime
    late_s: float = 0.0
    early_s: float = 0.0
    unknown: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Tell whether the move may begin then."""
        return not (self.late_s or self.early_s or self.unknown)

    @property
    def late_minutes(self) -> int:
        """Return the minutes by which it is too late, each begun one counted."""
        return math.ceil(self.late_s / 60)

    @property
    def early_minutes(self) -> int:
        """Return the minutes by which it is too early, each begun one counted."""
        return math.ceil(self.early_s / 60)


def quantiles(samples: Sequence[float], *, is_exact: bool = False) -> Quantiles:
    """Return what samples promise; nothing where there are none.

    >>> quantiles([10.0, 20.0, 12.0])
    Quantiles(p50=12.0, p90=18.4)
    """
    if not samples:
        return Quantiles()
    middle, high = median(samples), _percentile(samples, 0.9)
    if len(samples) < FEW and not is_exact:
        high = max(high, middle * BUFFER)
    return Quantiles(middle, round(high, 6))


def forecast(passes: Sequence[float]) -> Quantiles:
    """Return how long the next pass takes after these: the usual time, and more where the times have been growing."""
    recent = list(passes[-RECENT:])
    if not recent:
        return Quantiles()
    usual = quantiles(recent)
    growth = max(0.0, _slope(recent))
    ahead = recent[-1] + growth if growth else 0.0
    spread = usual.p90 - usual.p50
    return Quantiles(max(usual.p50, ahead), max(usual.p90, ahead + spread if ahead else 0.0))


def step_quantiles(step: StepTimes) -> Quantiles:
    """Return how long a step takes: as in rehearsals, or as the latest passes say where that is longer."""
    rehearsed, lately = quantiles(step.samples, is_exact=step.is_exact), forecast(step.passes)
    return Quantiles(max(rehearsed.p50, lately.p50), max(rehearsed.p90, lately.p90))


def estimate(forward: Sequence[StepTimes], rollback: Sequence[StepTimes]) -> Estimate:
    """Return the estimate of a move from what is known of its steps and of those of the way back."""
    there = [(step.name, step_quantiles(step)) for step in forward]
    back = [(step.name, step_quantiles(step)) for step in rollback]
    unknown = tuple(step.name for step in (*forward, *rollback) if not (step.samples or step.passes))
    return Estimate(_sum(each for _, each in there), _sum(each for _, each in back), (*there, *back), unknown)


def remaining(forward: Sequence[StepTimes], done: Collection[str], elapsed_s: float = 0.0) -> Quantiles:
    """Return what is left of a move: steps not yet ``done``; of the first of them ``elapsed_s`` are over."""
    left = [step_quantiles(step) for step in forward if step.name not in done]
    if left:
        left[0] = Quantiles(max(0.0, left[0].p50 - elapsed_s), max(0.0, left[0].p90 - elapsed_s))
    return _sum(left)


def judge(move: Estimate, start: datetime, window: tuple[datetime, datetime]) -> Verdict:
    """Return whether a move that begins at ``start`` can be done, and taken back, between the window's two ends."""
    opens, closes = window
    latest = move.latest_start(closes)
    return Verdict(
        start,
        latest,
        move.rollback_deadline(closes),
        start + timedelta(seconds=move.forward.p90),
        late_s=max(0.0, (start - latest).total_seconds()),
        early_s=max(0.0, (opens - start).total_seconds()),
        unknown=move.unknown,
    )


def _sum(parts: Iterable[Quantiles]) -> Quantiles:
    return sum(parts, Quantiles())


def _percentile(samples: Sequence[float], share: float) -> float:
    """Return a percentile, between two samples by how near it is to each."""
    ranked = sorted(samples)
    place = share * (len(ranked) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def _slope(values: Sequence[float]) -> float:
    """Return by how much values grow from one to the next: the middle of all slopes, which no single outlier moves."""
    slopes = [(values[j] - values[i]) / (j - i) for i in range(len(values)) for j in range(i + 1, len(values))]
    return median(slopes) if slopes else 0.0
