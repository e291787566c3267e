"""What the figures are to be: the list of issue 7, each as a ratio to somebody else's figure or as a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.speed.results import FLOOR, OURS, Results

FIRST, SECOND = "first", "second"
BOTH = (FIRST, SECOND)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our wall time is at most ``most`` times that of another contender."""

    workload: str
    runs: tuple[str, ...]
    peer: str
    most: float


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure of ours is at most ``most``."""

    workload: str
    runs: tuple[str, ...]
    figure: str
    most: float


@dataclass(frozen=True, slots=True)
class Beyond:
    """Our wall time is at most ``most`` seconds more than ours of another workload."""

    workload: str
    runs: tuple[str, ...]
    other: str
    most: float


RATIOS = (
    Ratio("W1", BOTH, FLOOR, 2), Ratio("W1", BOTH, "ansible", 1 / 60), Ratio("W1", BOTH, "mitogen", 1 / 12),
    Ratio("W1", BOTH, "pyinfra", 1 / 12), Ratio("W1k", BOTH, FLOOR, 0.7), Ratio("W1k", BOTH, "ansible", 1 / 200),
    Ratio("W3", BOTH, "ansible", 1 / 80), Ratio("W6", BOTH, FLOOR, 1.8), Ratio("W2", BOTH, FLOOR, 0.9),
    Ratio("W8", BOTH, FLOOR, 0.6), Ratio("W4tree", (FIRST,), FLOOR, 1.5), Ratio("W4tree", (SECOND,), FLOOR, 1.2),
    Ratio("W4file", (FIRST,), FLOOR, 1.5), Ratio("W5", BOTH, FLOOR, 1.2), Ratio("W7", ("list",), "ansible", 1 / 3),
)  # fmt: skip
BOUNDS = (
    Bound("W7", ("version",), "cpu_s", 0.12), Bound("W7", ("list",), "wall_s", 0.5), Bound("W8", BOTH, "peak_mib", 150),
)  # fmt: skip
BEYOND = (Beyond("W9", BOTH, "W9none", 0.15),)
NUMBERS = {"W10 microseconds an instance": 40.0, "W1open second play / floor": 0.5}


def rows(results: Results) -> Iterator[str]:
    """Return a row for each target whose figures were measured."""
    for ratio in RATIOS:
        for run in ratio.runs:
            ours = results.wall(ratio.workload, run, OURS)
            theirs = results.wall(ratio.workload, run, ratio.peer)
            if ours is not None and theirs is not None:
                cpu = results.cpu(ratio.workload, run, OURS) / results.cpu(ratio.workload, run, ratio.peer)
                more = ">" if results.figures[ratio.workload, run, ratio.peer].is_over else ""
                yield _row(
                    f"{ratio.workload} {run}: ours / {more}{ratio.peer} (CPU {cpu:.3g})", ratio.most, ours / theirs
                )
    for bound in BOUNDS:
        for run in bound.runs:
            figures = results.figures.get((bound.workload, run, OURS))
            if figures and (values := getattr(figures, bound.figure)):
                yield _row(f"{bound.workload} {run}: {bound.figure}", bound.most, sorted(values)[len(values) // 2])
    for beyond in BEYOND:
        for run in beyond.runs:
            more, less = (results.wall(each, run, OURS) for each in (beyond.workload, beyond.other))
            if more is not None and less is not None:
                yield _row(f"{beyond.workload} {run}: seconds beyond {beyond.other}", beyond.most, more - less)
    for name, most in NUMBERS.items():
        if name in results.numbers:
            yield _row(name, most, results.numbers[name])


def _row(what: str, most: float, found: float) -> str:
    return f"| {what} | {most:.3g} | {found:.3g} | {'met' if found <= most else '**short**'} |"
