"""Speed: provisioner beside its peers and beside what the work costs without any tool.

    python -m bench [W1 W2 ...] [--peers ansible mitogen ...] [--rounds 3] [--json FILE] [--markdown FILE]
    python -m bench --list

Boots lab hosts (Linux, root), installs the peers in .cache/peers, lets all take turns, compares what they leave with
what ansible-core leaves, and takes the hosts down. See bench/README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.speed import scheduling, targets
from bench.speed.contenders import KINDS, TOP, Contender, made
from bench.speed.hosts import Hosts, Reached, known_hosts, lab_hosts
from bench.speed.results import FLOOR, OURS, Results, this_machine
from bench.speed.trips import Trips
from bench.speed.turns import Turns, alone
from bench.speed.workloads.catalogue import OTHERS, SCHEDULING, SECOND_PLAY, STARTUP, WORKLOADS
from bench.speed.workloads.commands import command_lines
from bench.speed.workloads.small import SmallTasks

LAB = "bench"


def parser() -> argparse.ArgumentParser:
    """Return what the command line understands."""
    made_parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__,
                                          formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    made_parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="what to measure; all if none is named")
    made_parser.add_argument("--list", action="store_true", help="show workloads and contenders, measure nothing")
    made_parser.add_argument("--peers", nargs="*", choices=tuple(KINDS)[1:], default=tuple(KINDS)[1:],
                             help="whom to measure beside provisioner; all if not given")  # fmt: skip
    made_parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; medians are shown")
    made_parser.add_argument("--patience", type=float, default=150, metavar="S", help="end a run that takes longer")
    made_parser.add_argument("--enough", type=float, default=90, metavar="S",
                             help="measure nobody again whose rounds of a workload would take longer")  # fmt: skip
    made_parser.add_argument("--json", type=Path, metavar="FILE", help="write every value to this file")
    made_parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to this file")
    made_parser.add_argument("--keep-lab", action="store_true", help="leave the hosts up for the next measurement")
    made_parser.add_argument("--lab", default=LAB, metavar="NAME", help="name of the lab")
    return made_parser


def main(argv: Sequence[str]) -> int:
    """Measure and report."""
    options = parser().parse_args(argv)
    known = {each.name: each.title for each in WORKLOADS} | OTHERS
    if options.list:
        print("\n".join([*(f"{name:<7} {title}" for name, title in known.items()), f"\nagainst {', '.join(KINDS)}"]))
        return 0
    if wrong := [name for name in options.workloads if name not in known]:
        parser().error(f"no such workload: {', '.join(wrong)}; --list shows what there is")
    wanted = options.workloads or list(known)
    results = Results(this_machine())
    with tempfile.TemporaryDirectory(prefix="provisioner-bench-") as name:
        folder = Path(name)
        contenders = made([OURS, *options.peers], folder)
        results.versions.update({each.name: each.version() for each in contenders})
        measure(wanted, contenders, results, folder, options)
    report(results, options)
    return 0


def measure(
    wanted: Sequence[str], contenders: Sequence[Contender], results: Results, folder: Path, options: argparse.Namespace
) -> None:
    """Measure what is wanted, what needs no hosts first."""
    if SCHEDULING in wanted:
        say(SCHEDULING, OTHERS[SCHEDULING])
        results.numbers.update(scheduling_alone(options.rounds))
    if STARTUP in wanted:
        say(STARTUP, OTHERS[STARTUP])
        alone(contenders, results, command_lines(folder), max(options.rounds, 3))
    chosen = [each for each in WORKLOADS if each.name in wanted]
    if not chosen and SECOND_PLAY not in wanted:
        return
    count = max((each.hosts for each in chosen), default=1)
    with ExitStack() as stack:
        hosts = stack.enter_context(lab_hosts(options.lab, count, is_kept=options.keep_lab))
        trips = stack.enter_context(Trips(hosts.bridge))
        turns = Turns(contenders, hosts, trips, results, folder, options.rounds, options.patience, options.enough)
        for workload in chosen:
            say(workload.name, workload.title)
            turns.measure(workload)
        if SECOND_PLAY in wanted:
            say(SECOND_PLAY, OTHERS[SECOND_PLAY])
            second_play(hosts, results, folder, options.rounds)


def scheduling_alone(rounds: int) -> dict[str, float]:
    """Return what the scheduler alone costs, and half as many hosts for comparison."""
    found: dict[str, float] = {}
    for hosts in (500, 1000):
        program = [sys.executable, str(Path(scheduling.__file__)), "--hosts", str(hosts), "--strategy", "linear"]
        values = [output(program, {"PYTHONPATH": str(TOP)}).split() for _ in range(rounds)]
        more = "" if hosts == 1000 else f", {hosts} hosts"
        found[f"W10 microseconds an instance{more}"] = median(float(words[-4]) for words in values)
        found[f"W10 MiB{more}"] = median(float(words[-2]) for words in values)
    return found


def second_play(hosts: Hosts, results: Results, folder: Path, rounds: int) -> None:
    """Measure a second play on an open session, in proportion to the floor of the same round's kind of work."""
    place = folder / "work" / SECOND_PLAY
    place.mkdir(parents=True)
    SmallTasks(100).write(place)
    play = (place / "play.yml").read_text(encoding="utf-8")
    (place / "two.yml").write_text(play + play.removeprefix("---\n"), encoding="utf-8")
    addresses = hosts.addresses(1)
    (place / "inventory.json").write_text(
        Reached(addresses, hosts.lab.key_path, known_hosts(hosts.lab, place, addresses)).inventory(), encoding="utf-8"
    )
    program = [
        sys.executable,
        str(TOP / "bench/speed/second_play.py"),
        str(place / "two.yml"),
        str(place / "inventory.json"),
    ]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/root", "PROVISIONER_STATE_DIR": str(place / "state")}
    done = [output(program, environment) for _ in range(max(rounds, 3))]
    seconds = median(map(float, done))
    results.numbers["W1open seconds"] = seconds
    floor = results.wall("W1", "second", FLOOR)
    if floor is not None:
        results.numbers["W1open second play / floor"] = seconds / floor


def output(command: Sequence[str], environment: dict[str, str]) -> str:
    """Run a program of this folder and return what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def report(results: Results, options: argparse.Namespace) -> None:
    """Show the tables and write the files that are wanted."""
    text = results.markdown(list(targets.rows(results)))
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    if options.json:
        options.json.write_text(results.json(), encoding="utf-8")


def say(name: str, title: str) -> None:
    """Tell what is being measured."""
    print(f"{name}: {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
