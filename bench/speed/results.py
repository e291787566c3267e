"""What was measured, kept and shown: every value as JSON, medians and ratios as Markdown."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

OURS = "provisioner"
FLOOR = "floor"
HEAD = (
    "| what | run | who | wall s | CPU s | hosts CPU s | memory MiB | round trips "
    "| wall: ours / it | CPU: ours / it | n |\n"
    "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(slots=True)
class Figures:
    """What one contender needed for one run of one workload, a value a round."""

    workload: str
    title: str
    run: str
    contender: str
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    hosts_cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    trips: list[int] = field(default_factory=list)
    is_over: bool = False

    @property
    def wall(self) -> float:
        """Return the median wall time."""
        return median(self.wall_s)

    @property
    def cpu(self) -> float:
        """Return the median CPU time of the controller."""
        return median(self.cpu_s)


@dataclass(slots=True)
class Results:
    """All figures of one measurement, and what they were taken with."""

    machine: Mapping[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    figures: dict[tuple[str, str, str], Figures] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)

    def of(self, workload: str, title: str, run: str, contender: str) -> Figures:
        """Return where the figures of one contender belong."""
        return self.figures.setdefault((workload, run, contender), Figures(workload, title, run, contender))

    def wall(self, workload: str, run: str, contender: str) -> float | None:
        """Return a median wall time, where it was measured."""
        found = self.figures.get((workload, run, contender))
        return found.wall if found and found.wall_s else None

    def cpu(self, workload: str, run: str, contender: str) -> float:
        """Return a median CPU time of the controller."""
        return self.figures[workload, run, contender].cpu

    def json(self) -> str:
        """Return everything, every value."""
        content = {"machine": dict(self.machine), "versions": self.versions, "numbers": self.numbers,
                   "figures": [asdict(each) for each in self.figures.values()]}  # fmt: skip
        return json.dumps(content, indent=1) + "\n"

    def markdown(self, targets: Sequence[str]) -> str:
        """Return machine, versions, medians and what became of the targets."""
        lines = [f"- {name}: {value}" for name, value in (*self.machine.items(), *self.versions.items())]
        lines += ["", HEAD, *(self._row(each) for each in self.figures.values() if each.wall_s)]
        lines += ["", *(f"- {name}: {value:.2f}" for name, value in self.numbers.items())]
        return "\n".join([*lines, "", "| target | wanted | found | |", "|---|--:|--:|---|", *targets]) + "\n"

    def _row(self, each: Figures) -> str:
        ours = self.figures.get((each.workload, each.run, OURS))
        has_ratio = ours is not None and ours.wall_s and each is not ours
        ratios = [f"{ours.wall / each.wall:.3f}", f"{ours.cpu / each.cpu:.3f}"] if has_ratio and ours else ["", ""]
        more = ">" if each.is_over else ""
        shown = [each.title, each.run, each.contender, f"{more}{each.wall:.3f}", f"{each.cpu:.3f}",
                 _median(each.hosts_cpu_s, ".2f"), _median(each.peak_mib, ".0f"), _median(each.trips, ".0f"),
                 *ratios, str(len(each.wall_s))]  # fmt: skip
        return f"| {' | '.join(shown)} |"


def _median(values: Sequence[float], form: str) -> str:
    return format(median(values), form) if values else ""


def this_machine() -> dict[str, str]:
    """Return what the figures depend on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "machine": f"{os.cpu_count()} x {cpu}, {memory / 1024**2:.0f} GiB, {platform.system()} {platform.release()}",
        "load at the start": f"{os.getloadavg()[0]:.2f}",
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()
