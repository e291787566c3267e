"""How long moving and going back take, from a migration's record: rehearsals, earlier attempts, and the latest passes.

The last copy before the switch is one more pass over what has changed: where passes have been growing since the
rehearsal, the rehearsal's time for it is too short.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.migration.estimate import RECENT, Estimate, StepTimes, estimate
from provisioner.migration.record import Standing, samples
from provisioner.migration.stages import CUTOVER, FINAL, GO_BACK
from provisioner.model.migration import Migration

UNTIMED_S = 10.0
"""What a stage is taken to need that nobody has timed."""


def timed(migration: Migration, standing: Standing) -> Estimate:
    """Return the estimate of a move and of the way back; ``unknown`` names the stages that were never timed."""
    rehearsed, moved = samples(standing.attempts, "rehearse"), samples(standing.attempts, "cutover")
    returned = samples(standing.attempts, "rollback")
    passes = {FINAL: latest_passes(migration, standing)}
    forward = [
        StepTimes(stage, (*rehearsed.get(f"forward: {stage}", ()), *moved.get(stage, ())), passes.get(stage, ()))
        for stage in CUTOVER
    ]
    back = [StepTimes(stage, (*rehearsed.get(f"back: {stage}", ()), *returned.get(stage, ()))) for stage in GO_BACK]
    unknown = tuple(step.name for step in (*forward, *back) if not (step.samples or step.passes))
    found = estimate([_guessed(step) for step in forward], [_guessed(step) for step in back])
    return replace(found, unknown=unknown)


def latest_passes(migration: Migration, standing: Standing) -> tuple[float, ...]:
    """Return the seconds of the latest passes, all data sets together; the first copy of each is no pass."""
    times = []
    for part in migration.data:
        seconds = [
            float(each["seconds"]) for each in standing.measured.get(part.name, ()) if each.get("seconds") is not None
        ]
        if len(seconds) > 1:
            times.append(seconds[1:][-RECENT:])
    count = max(map(len, times), default=0)
    padded = [[each[0]] * (count - len(each)) + each for each in times]
    return tuple(sum(values) for values in zip(*padded, strict=True))


def _guessed(step: StepTimes) -> StepTimes:
    return step if step.samples or step.passes else replace(step, samples=(UNTIMED_S,), is_exact=True)
