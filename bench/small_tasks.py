"""How fast playbooks run: provisioner beside ansible-core with pipelining and a plain shell script, on the same hosts.

    small_tasks.py [--rounds 3] [--no-oracle] [--json FILE] [--markdown FILE] [--only NAME ...]

Boots a lab of its own, takes turns between the contenders, checks that all leave the same files, and takes the lab
down. Wall time is the command's from start to end, CPU time that of everything it starts on the controller, and apart
from it that of the hosts. PROVISIONER_ORACLE names a folder with ansible-playbook; else one is installed in .cache.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))  # as a script this folder is on the path, the tree is not

from contenders import ByHand, Contender, Ours, Theirs, oracle_programs  # noqa: E402
from hosts import Hosts, lab_hosts  # noqa: E402
from workloads import COMMANDS_HOSTS, Workload, long_playbook, written  # noqa: E402

LAB = "bench"
RUN_S = 240.0
BUDGET_S = 1500.0
PASSES = ("first", "second")


@dataclass(slots=True)
class Figures:
    """What one contender needed for one thing, a value a round."""

    workload: str
    title: str
    contender: str
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    hosts_cpu_s: list[float] = field(default_factory=list)

    @property
    def shown(self) -> tuple[float, float, float | None]:
        """Return the medians: wall, CPU of the controller, CPU of the hosts."""
        return median(self.wall_s), median(self.cpu_s), median(self.hosts_cpu_s) if self.hosts_cpu_s else None


@dataclass(slots=True)
class Bench:
    """All measurements of one run."""

    contenders: Sequence[Contender]
    hosts: Hosts
    rounds: int
    deadline: float
    figures: dict[tuple[str, str], Figures] = field(default_factory=dict)

    def on_hosts(self, workload: Workload) -> None:
        """Measure one workload: every contender in turn, from clean hosts, then again with nothing to do."""
        able = [contender for contender in self.contenders if contender.can(workload)]
        for number in self._rounds():
            for contender in able[number % len(able) :] + able[: number % len(able)]:
                self.hosts.clean(contender.root)
                for which in PASSES:
                    self._once(contender, workload, which)
            same_files(self.hosts, able)

    def alone(self, name: str, title: str, words: Sequence[str]) -> None:
        """Measure a command line that touches no host."""
        for _ in range(max(self.rounds, 3)):
            for contender in self.contenders:
                if not isinstance(contender, ByHand):
                    sample = contender.alone(words, self._patience())
                    self._keep(contender, (name, title), sample.code, (sample.wall_s, sample.cpu_s, None))

    def _rounds(self) -> Iterator[int]:
        for number in range(self.rounds):
            if number and time.monotonic() > self.deadline:
                print(f"out of time after {number} of {self.rounds} rounds", file=sys.stderr)
                return
            yield number

    def _once(self, contender: Contender, workload: Workload, which: str) -> None:
        before = self.hosts.cpu_s()
        sample = contender.run(workload, self._patience())
        after = self.hosts.cpu_s()
        used = None if before is None or after is None else after - before
        key = (f"{workload.name}.{which}", f"{workload.title}, {which} run")
        self._keep(contender, key, sample.code, (sample.wall_s, sample.cpu_s, used))

    def _keep(self, who: Contender, key: tuple[str, str], code: int, cost: tuple[float, float, float | None]) -> None:
        if code != 0:
            sys.exit(f"{who.name}: {key[1]}: exit code {code}\n{who.output()[-4000:]}")
        figures = self.figures.setdefault((key[0], who.name), Figures(*key, who.name))
        wall, cpu, hosts = cost
        figures.wall_s.append(wall)
        figures.cpu_s.append(cpu)
        if hosts is not None:
            figures.hosts_cpu_s.append(hosts)

    def _patience(self) -> float:
        """Return how long a command may take: never past the end of the whole measurement."""
        return max(10.0, min(RUN_S, self.deadline - time.monotonic()))


def same_files(hosts: Hosts, contenders: Sequence[Contender]) -> None:
    """Make sure that every contender has left the same files behind."""
    listings = {contender.name: hosts.listing(contender.root) for contender in contenders}
    first = contenders[0].name
    for name, found in listings.items():
        if found != listings[first]:
            differ = set("\n".join(found).splitlines()) ^ set("\n".join(listings[first]).splitlines())
            sys.exit(f"{name} and {first} leave different files:\n" + "\n".join(sorted(differ)[:20]))


def markdown(figures: Sequence[Figures], about: str) -> str:
    """Return the figures as a table with the ratios to provisioner."""
    lines = [about, "", "| what | who | wall s | x | CPU s | x | hosts CPU s |", "|---|---|--:|--:|--:|--:|--:|"]
    ours = {each.workload: each.shown for each in figures if each.contender == "provisioner"}
    for each in figures:
        wall, cpu, hosts = each.shown
        base = ours[each.workload]
        shown = "" if hosts is None else f"{hosts:.2f}"
        lines.append(f"| {each.title} | {each.contender} | {wall:.3f} | {wall / base[0]:.1f} "
                     f"| {cpu:.3f} | {cpu / base[1]:.1f} | {shown} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median is shown")
    parser.add_argument("--no-oracle", action="store_true", help="leave ansible out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="small_tasks, facts, loop, hosts, commands")
    parser.add_argument("--json", type=Path, help="write every value to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    chosen = parser.parse_args()
    if not chosen.no_oracle:
        oracle_programs()
    with tempfile.TemporaryDirectory(prefix="provisioner-bench-") as folder, lab_hosts(LAB, COMMANDS_HOSTS) as hosts:
        figures = measure(Path(folder), hosts, chosen)
    about = (
        f"Medians of {chosen.rounds} rounds on {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}; x: times provisioner's"
    )
    print(table := markdown(figures, about))
    if chosen.markdown:
        chosen.markdown.write_text(table, encoding="utf-8")
    if chosen.json:
        content = {"about": about, "figures": [asdict(each) for each in figures]}
        chosen.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(folder: Path, hosts: Hosts, chosen: argparse.Namespace) -> list[Figures]:
    """Measure everything that was chosen."""
    kinds: dict[str, type[Contender]] = {"provisioner": Ours, "script": ByHand, "ansible": Theirs}
    if chosen.no_oracle:
        del kinds["ansible"]
    for name in kinds:
        (folder / name).mkdir()
    contenders = [kind(name, folder / name, hosts) for name, kind in kinds.items()]
    bench = Bench(contenders, hosts, chosen.rounds, time.monotonic() + BUDGET_S)
    for workload in written(folder / "work"):
        if not chosen.only or workload.name in chosen.only:
            print(f"measuring: {workload.title}", file=sys.stderr)
            bench.on_hosts(workload)
    if not chosen.only or "commands" in chosen.only:
        print("measuring: commands without hosts", file=sys.stderr)
        playbook = str(long_playbook(folder))
        bench.alone("version", "--version", ["--version"])
        bench.alone("help", "--help", ["--help"])
        bench.alone("syntax", "--syntax-check, 1,000 tasks", [playbook, "--syntax-check", "-i", "localhost,"])
        bench.alone("list", "--list-tasks, 1,000 tasks", [playbook, "--list-tasks", "-i", "localhost,"])
    return list(bench.figures.values())


if __name__ == "__main__":
    sys.exit(main())
