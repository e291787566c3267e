"""Run integration targets and print who passed: ``python -m tests.compat.targets [NAME...] [--side ours,theirs]``."""

from __future__ import annotations

import argparse
import json
import queue
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from provisioner.lab.lab import Lab

from .contestants import Contestant, contestant
from .expectations import PASS, expectations, surprises
from .sandbox import PACKAGES, Finish, Sandbox, shared_folders
from .suite import Target, chosen, open_suite

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What one side did with one target."""

    target: str
    side: str
    passed: bool
    tasks: int
    seconds: float
    why: str


def main() -> int:
    """Run what the arguments ask for; the exit code is 1 if a target failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat.targets", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help="default: all that can be run here")
    parser.add_argument("--side", default="ours", help="ours, theirs, nothing; several with commas")
    parser.add_argument("--over", choices=("local", "ssh"), default="local", help="how testhost is reached")
    parser.add_argument("--lab", default="targets", help="name of the lab: two runs at once need two (a-z0-9)")
    parser.add_argument("--jobs", type=int, default=1, help="machines at once")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one target")
    parser.add_argument("--logs", type=Path, default=Path("build/targets"), help="folder for what they print")
    parser.add_argument("--keep", action="store_true", help="leave the machines up afterwards (quicker next time)")
    parser.add_argument("--quick", action="store_true", help="only those that 'make test' runs")
    parser.add_argument("--expected", action="store_true", help="only those that are expected to pass")
    parser.add_argument("--list", action="store_true", help="only print the names")
    options = parser.parse_args()
    suite = open_suite()
    names = options.names or [each.target for each in expectations().values() if options.quick and each.is_quick]
    if options.expected:
        names = [each.target for each in expectations().values() if each.state == PASS]
    targets = list(chosen(suite, names))
    if options.list:
        print("\n".join(target.name for target in targets))
        return 0
    options.logs = options.logs.resolve()
    sides = [contestant(name, options.logs / f"commands-{options.lab}") for name in options.side.split(",")]
    lab = Lab(options.lab, say=print, packages=PACKAGES, shared=shared_folders(suite, sides))
    names = [f"m{number}" for number in range(1, options.jobs + 1)]
    free: queue.Queue[Sandbox] = queue.Queue()
    for host in lab.up(names):
        free.put(Sandbox(lab, host, suite, options.over))
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            work = [pool.submit(attempt, free, target, side, options) for target in targets for side in sides]
            outcomes = [each.result() for each in work]
    finally:
        if not options.keep:
            lab.down()
    report(outcomes, sides, options.logs)
    odd = list(surprises({each.target: each.passed for each in outcomes if each.side == "ours"}, expectations()))
    print("\n".join(odd) or "all as expected")
    return 1 if odd else 0


def attempt(free: queue.Queue[Sandbox], target: Target, side: Contestant, options: argparse.Namespace) -> Outcome:
    """Run one target on a machine that is free."""
    sandbox = free.get()
    try:
        sandbox.renew()
        began = time.monotonic()
        done = sandbox.run(target, side, options.limit)
        spent = time.monotonic() - began
    finally:
        free.put(sandbox)
    folder = options.logs / side.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{target.name}.log").write_text(done.text, encoding="utf-8")
    outcome = Outcome(target.name, side.name, done.code == 0, len(TASK.findall(done.text)), round(spent, 1), _why(done))
    verdict = "pass" if outcome.passed else "FAIL"
    print(f"{verdict} {side.name:8}{target.name:40}{outcome.tasks:5} tasks {spent:6.1f} s  {outcome.why}", flush=True)
    return outcome


def report(outcomes: list[Outcome], sides: list[Contestant], logs: Path) -> None:
    """Print the counts, and keep all outcomes as JSON beside the logs."""
    for side in sides:
        mine = [outcome for outcome in outcomes if outcome.side == side.name]
        failed = [outcome.target for outcome in mine if not outcome.passed]
        print(f"{side.name}: {len(mine) - len(failed)} of {len(mine)} passed; failed: {' '.join(failed) or 'none'}")
        path = logs / f"{side.name}.json"
        known = {each["target"]: each for each in json.loads(path.read_text("utf-8"))} if path.exists() else {}
        known |= {outcome.target: asdict(outcome) for outcome in mine}
        path.write_text(json.dumps([known[name] for name in sorted(known)], indent=1) + "\n", encoding="utf-8")


def _why(done: Finish) -> str:
    if done.code == 0:
        return ""
    lines = [line.strip() for line in done.text.splitlines()]
    told = [line for line in lines if line.startswith(("fatal:", "ERROR!", "error:")) and "ignoring" not in line]
    last = (told or [line for line in lines if line] or [""])[-1]
    return f"{'time is over' if done.code is None else f'exit {done.code}'}: {last[:150]}"


if __name__ == "__main__":
    sys.exit(main())
