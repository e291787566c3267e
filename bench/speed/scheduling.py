"""What deciding costs: the scheduler alone, with made-up hosts that answer at once. Figures for ADR 3.

    scheduling.py [--hosts 1000] [--tasks 500] [--strategy linear ...]

Every strategy is measured in a process of its own, so that one's peak memory is not the other's. An instance is one
task on one host. No connection, no template and no journal is involved: this is the price of knowing what to do next.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.diagnostics.position import Position, Source
from provisioner.graph.compile import STRATEGIES, CompiledPlay, compile_play
from provisioner.model.play import Play
from provisioner.model.status import Status
from provisioner.model.task import Task
from provisioner.scheduling.instructions import BatchOver, Dispatch, Instruction
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.run_state import RunState
from provisioner.scheduling.stimuli import Finished

AT = Position(Source("bench.yml"), 1, 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one strategy."""

    instances: int
    nodes: int
    compile_s: float
    state_s: float
    decide_s: float
    peak_mib: float

    @property
    def microseconds_each(self) -> float:
        """CPU time of deciding, for each instance."""
        return self.decide_s / self.instances * 1e6


def made_up_play(tasks: int, strategy: str) -> Play:
    """Return a play of ``tasks`` pings without fact gathering."""
    body = tuple(Task(action="ping", args={}, position=AT, name=f"task {n}") for n in range(tasks))
    return Play("bench", "all", AT, ".", tasks=body, gather_facts=False, strategy=strategy)


def drain(state: RunState) -> int:
    """Answer every instruction at once, in order; return how many instances were carried out."""
    done = 0
    waiting: deque[Instruction] = deque(state.start())
    while waiting:
        match waiting.popleft():
            case Dispatch(operation, host):
                done += 1
                waiting.extend(state.handle(Finished(operation, host, Status.OK)))
            case BatchOver():
                return done
            case _:
                raise TypeError("a play of pings brings nothing to expand")
    raise RuntimeError("the scheduler stopped before its batch was over")


def peak_mib() -> float:
    """Return the largest amount of memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(hosts: int, tasks: int, strategy: str) -> Measured:
    """Compile and run one batch in memory."""
    before = peak_mib()
    began = time.process_time()
    compiled: CompiledPlay = compile_play(made_up_play(tasks, strategy), 1)
    compiled_at = time.process_time()
    state = RunState(compiled.graph, [f"host{n:04}" for n in range(hosts)], Rules(slots=hosts))
    made_at = time.process_time()
    done = drain(state)
    ended = time.process_time()
    if done != hosts * tasks or not state.is_over:
        raise RuntimeError(f"{done} of {hosts * tasks} instances ran")
    return Measured(done, len(compiled.graph), compiled_at - began, made_at - compiled_at, ended - made_at,
                    peak_mib() - before)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Measure each strategy and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--strategy", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    chosen = parser.parse_args(argv)
    if len(chosen.strategy) == 1:
        print(line(chosen.strategy[0], measure(chosen.hosts, chosen.tasks, chosen.strategy[0])))
        return 0
    print(f"{chosen.hosts} hosts x {chosen.tasks} tasks")
    print(f"{'strategy':<12}{'nodes':>7}{'compile':>10}{'set up':>9}{'decide':>9}{'an instance':>14}{'memory':>12}")
    for strategy in chosen.strategy:
        words = ["--hosts", str(chosen.hosts), "--tasks", str(chosen.tasks), "--strategy", strategy]
        subprocess.run([sys.executable, str(Path(__file__)), *words], check=True)
    return 0


def line(strategy: str, found: Measured) -> str:
    """Return one row of the table."""
    times = f"{found.compile_s:>8.3f} s{found.state_s:>7.3f} s{found.decide_s:>7.2f} s"
    return f"{strategy:<12}{found.nodes:>7}{times}{found.microseconds_each:>11.2f} us{found.peak_mib:>8.1f} MiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
