"""Takes turns: every contender from clean hosts, then again with nothing to do; round after round."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.speed.contenders import REFERENCE, Contender, Job
from bench.speed.hosts import Hosts, Reached, known_hosts
from bench.speed.measuring import TIMED_OUT, Sample
from bench.speed.relay import relay
from bench.speed.results import OURS, Results
from bench.speed.trips import Trips
from bench.speed.workloads.workload import Workload

PASSES = ("first", "second")


@dataclass(frozen=True, slots=True)
class Turns:
    """How the contenders take turns: how often, how long each may take, and when a slow one is let off."""

    contenders: Sequence[Contender]
    hosts: Hosts
    trips: Trips
    results: Results
    folder: Path
    rounds: int
    patience_s: float
    enough_s: float
    spent: dict[tuple[str, str], float] = field(default_factory=dict)

    def measure(self, workload: Workload) -> None:
        """Measure one workload."""
        with ExitStack() as stack:
            job = self._job(workload, stack)
            if workload.ready:
                self.hosts.everywhere(workload.ready, workload.hosts)
            for number in range(self.rounds):
                able = [each for each in self.contenders if self._goes_on(each, workload, number)]
                turned = able[number % len(able) :] + able[: number % len(able)] if able else []
                same_outcome(workload, {each.name: self._turn(each, job) for each in turned})

    def _job(self, workload: Workload, stack: ExitStack) -> Job:
        folder = self.folder / "work" / workload.name
        folder.mkdir(parents=True)
        workload.write(folder)
        addresses = self.hosts.addresses(workload.hosts, workload.aliases)
        if workload.delay_ms:
            ports = [stack.enter_context(relay(each.host, workload.delay_ms)) for each in addresses]
            addresses = [
                replace(each, host="127.0.0.1", port=port) for each, port in zip(addresses, ports, strict=True)
            ]
        lab = self.hosts.lab
        reached = Reached(addresses, lab.key_path, known_hosts(lab, folder, addresses))
        (folder / "inventory.json").write_text(reached.inventory(), encoding="utf-8")
        (folder / "hosts.py").write_text(reached.pyinfra_inventory(), encoding="utf-8")
        return Job(workload, folder, reached)

    def _goes_on(self, contender: Contender, workload: Workload, number: int) -> bool:
        """Tell whether a contender is measured once more: one more round must not take it too long."""
        spent = self.spent.get((contender.name, workload.name), 0.0)
        return number == 0 or spent * (number + 1) / number <= self.enough_s

    def _turn(self, contender: Contender, job: Job) -> list[str]:
        """Run twice; return what the hosts look like after each, or nothing where it took too long."""
        workload = job.workload
        self.hosts.everywhere(workload.clean, workload.hosts)
        outcomes = []
        for which in PASSES:
            if not self._once(contender, job, which):
                return []
            outcomes.append("\n".join(self.hosts.everywhere(workload.state, workload.hosts)))
        return outcomes

    def _once(self, contender: Contender, job: Job, which: str) -> bool:
        before = self.hosts.cpu_s()
        self.trips.since()
        sample = contender.run(job, self.patience_s)
        trips = self.trips.since()
        after = self.hosts.cpu_s()
        key = (contender.name, job.workload.name)
        is_over = sample.code == TIMED_OUT
        self.spent[key] = self.spent.get(key, 0.0) + (self.enough_s if is_over else sample.wall_s)
        if sample.code and not is_over:
            sys.exit(f"{contender.name}: {job.workload.title}, {which} run: exit code {sample.code}\n"
                     f"{contender.output()[-4000:]}")  # fmt: skip
        figures = self.results.of(job.workload.name, job.workload.title, which, contender.name)
        keep(figures, sample)
        figures.is_over = is_over
        figures.trips.append(trips)
        if before is not None and after is not None:
            figures.hosts_cpu_s.append(after - before)
        print(f"  {contender.name:<13} {which:<7} {sample.wall_s:8.3f} s  CPU {sample.cpu_s:7.3f} s  "
              f"{sample.peak_mib:5.0f} MiB  {trips:6} trips", file=sys.stderr)  # fmt: skip
        return not is_over


def alone(contenders: Sequence[Contender], results: Results, commands: dict[str, tuple[str, list[str]]],
          rounds: int) -> None:  # fmt: skip
    """Measure command lines that touch no host."""
    for _ in range(rounds):
        for name, (title, words) in commands.items():
            for contender in contenders:
                sample = contender.alone(words, 60)
                if sample is None:
                    continue
                if sample.code:
                    sys.exit(f"{contender.name}: {title}: exit code {sample.code}\n{contender.output()[-4000:]}")
                keep(results.of("W7", title, name, contender.name), sample)


def keep(figures: object, sample: Sample) -> None:
    """Add a sample to the figures."""
    for name in ("wall_s", "cpu_s", "peak_mib"):
        getattr(figures, name).append(getattr(sample, name))


def same_outcome(workload: Workload, outcomes: dict[str, list[str]]) -> None:
    """Make sure that every contender has left what ansible-core leaves, or where it is not there what we leave."""
    reached = {name: found for name, found in outcomes.items() if found}
    if not reached:
        return
    first = next(name for name in (REFERENCE, OURS, *reached) if name in reached)
    for name, found in reached.items():
        for which, text, wanted in zip(PASSES, found, reached[first], strict=True):
            if text != wanted:
                differ = set(text.splitlines()) ^ set(wanted.splitlines())
                sys.exit(f"{workload.title}, {which} run: {name} and {first} leave different hosts:\n"
                         + "\n".join(sorted(differ)[:20]))  # fmt: skip
