"""The main job on real hosts: build an old server, move its site to a new one under load, prove that nothing was lost.

    demo.py              boots the lab ``demo`` (hosts old, new, lb), builds the site with 1,000,000 rows, 5,000 files
                         and moves it: once by hand (stop, dump, start; taken back on purpose) and once as a migration,
                         forward, back with what was written since, and forward again. Visitors read and write
                         all the time
    demo.py --fresh      starts over with clean hosts
    demo.py --small      fewer rows and files, and not by hand: the way tests go
    demo.py --break      the smoke test fails: the site must end up on the old server

Standard library only; every step is the ``provisioner`` command that a user would type, and is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOP = HERE.parent
OUT = TOP / ".cache" / "demo"
LARGE = {"site_app_seed_rows": 1_000_000, "site_app_seed_files": 5_000}
PROVISIONER = str(Path(sys.executable).with_name("provisioner"))


@dataclass(frozen=True, slots=True)
class Step:
    """One command: how it ended and how long it took."""

    code: int
    seconds: float


def say(text: str) -> None:
    """Show a line at once, also where output is not a terminal."""
    print(text, flush=True)


def step(title: str, *command: str) -> Step:
    """Run a command in the foreground and time it."""
    say(f"\n== {title}\n$ {' '.join(c.removeprefix(str(TOP) + '/') for c in command)}")
    began = time.monotonic()
    done = subprocess.run(command, cwd=TOP, check=False)
    return Step(done.returncode, time.monotonic() - began)


def must(done: Step, what: str) -> Step:
    """End the demo where a step did not do what it should."""
    if done.code != 0:
        say(f"\ndemo: {what} ended with exit code {done.code}")
        raise SystemExit(done.code)
    return done


def text_of(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout.strip()


class Demo:
    """The demo's lab, inventory and files."""

    def __init__(self, lab: str, out: Path) -> None:
        self.lab, self.out = lab, out
        self.state = out / "state"
        out.mkdir(parents=True, exist_ok=True)
        self.inventory: list[str] = []
        self.site = ""

    def boot(self, *, fresh: bool) -> Step:
        """Bring the lab up; ``fresh`` makes its hosts clean, and forgets what became of them."""
        done = must(
            step("Boot three hosts", PROVISIONER, "lab", "up", "--name", self.lab, "--hosts", "old,new,lb"), "lab up"
        )
        if fresh:
            must(step("Make them clean", PROVISIONER, "lab", "reset", "--name", self.lab), "lab reset")
            shutil.rmtree(self.state, ignore_errors=True)
        os.environ["PROVISIONER_STATE_DIR"] = str(self.state)
        path = text_of(PROVISIONER, "lab", "inventory", "--name", self.lab)
        password = TOP / "inventories/demo/vault-password.txt"
        self.inventory = ["-i", path, "-i", "inventories/demo", "--vault-password-file", str(password.relative_to(TOP))]
        variables = json.loads(text_of(PROVISIONER, "inventory", "--host", "lb", *self.inventory))
        self.site = f"http://{variables['ansible_host']}/"
        return done

    def run(self, title: str, playbook: str, *more: str, report: str = "") -> Step:
        """Run a playbook."""
        kinds = {"--report": "html", "--junit": "xml"} if report else {}
        reports = [w for option, kind in kinds.items() for w in (option, str(self.out / f"{report}.{kind}"))]
        return step(title, PROVISIONER, "run", f"playbooks/{playbook}", *self.inventory, *more, *reports)

    def migrate(self, title: str, verb: str, *more: str) -> Step:
        """Do something with the migration."""
        return step(title, PROVISIONER, "migrate", verb, "site", "-d", "playbooks/move.yml", *self.inventory, *more)

    @contextmanager
    def visited(self, name: str) -> Iterator[Path]:
        """Let visitors read and write through the balancer meanwhile; what they saw is in the file this gives."""
        result, stop = self.out / f"{name}.json", self.out / f"{name}.stop"
        stop.unlink(missing_ok=True)
        say(f"\n== Visitors read and write through {self.site} from now on")
        words = [self.site, "--seconds", "900", "--writes-per-second", "20", "--timeout", "40"]
        load = subprocess.Popen(
            [sys.executable, "bench/load.py", *words, "--out", str(result), "--stop-file", str(stop)],
            cwd=TOP,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(2)
        try:
            yield result
        finally:
            time.sleep(2)
            stop.touch()
            load.wait(timeout=120)

    def kept(self, result: Path) -> Step:
        """Ask for every write that was acknowledged."""
        title = "Is every write that was acknowledged still there?"
        return step(title, sys.executable, "bench/load.py", "--check", self.site, str(result))

    def active(self) -> str:
        """Return the server that the balancer sends visitors to."""
        url = self.site + "healthz"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(json.load(answer)["hostname"])

    def record(self) -> list[dict[str, Any]]:
        """Return the entries of the migration's record."""
        text = (self.state / "migrations/site/record.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def held_by_hand(self) -> float:
        """Return for how long the last run of migrate.yml kept writes away until the balancer had switched."""
        journal = max(self.state.glob("runs/*/journal.jsonl"))
        names: dict[str, str] = {}
        times: dict[str, float] = {}
        for line in journal.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["type"] == "OperationPlanned":
                names[event["operation"]] = event["name"]
            elif event["type"] in ("OperationStarted", "OperationFinished"):
                name = f"{event['type']} {names.get(event['operation'], '')}"
                times.setdefault(name, float(event["at"]))
        begin = next(
            at for name, at in times.items() if name.startswith("OperationStarted") and "Close the source" in name
        )
        end = next(
            at for name, at in times.items() if name.startswith("OperationFinished") and "Move the traffic" in name
        )
        return end - begin


def by_hand(demo: Demo) -> float:
    """Move the site by stop, dump, start, and take it back; return for how long writes were kept away."""
    back = ("-e", "demo_break_new=true", "-e", "demo_break_stage=after_switch")
    demo.run("Move the site by hand: stop, dump, copy, start (and take it back on purpose)", "migrate.yml", *back)
    held = demo.held_by_hand()
    words = ["exec", "new", "-m", "command", "-a", "site-writes thaw", "--become", *demo.inventory]
    must(step("Let the new server be as it was", PROVISIONER, *words), "exec")
    return held


def move(demo: Demo) -> int:
    """Move the site forward, back and forward again under load; return the exit code of the demo."""
    with demo.visited("load") as result:
        codes = [
            demo.migrate("Move the site from old to new: one command", "resume").code,
            demo.migrate("Go back, with everything that was written since", "rollback", "--reason", "to show it").code,
        ]
        back = demo.active()
        codes.append(demo.migrate("And forward again", "run").code)
    kept, serving = demo.kept(result), demo.active()
    demo.migrate("Where it stands, for those who do it", "status")
    demo.migrate("and for those who wait", "status", "--plain")
    demo.migrate("The runbook as executed", "record", "--out", str(demo.out / "runbook.html"))
    tell(demo, json.loads(result.read_text()), serving)
    fine = codes == [0, 0, 0] and (back, serving) == ("old", "new") and kept.code == 0
    return judged(fine, "exit codes 0, the site on new, then on old, then on new", demo, result)


def break_it(demo: Demo) -> int:
    """Let the smoke test fail: the site has to end up on the old server."""
    with demo.visited("load") as result:
        must(demo.migrate("Get ready", "run", "--pause-after", "ready"), "run")
        moved = demo.migrate("Move the site, but the smoke test fails", "cutover", "-e", "demo_smoke=false")
    kept, serving = demo.kept(result), demo.active()
    tell(demo, json.loads(result.read_text()), serving)
    say(f"move: exit code {moved.code}")
    return judged(moved.code != 0 and serving == "old" and kept.code == 0, "the site on old", demo, result)


def tell(demo: Demo, numbers: dict[str, Any], serving: str) -> None:
    """Say what the visitors saw, and for how long writes were held."""
    held = [entry["data"]["values"]["held_s"] for entry in demo.record()
            if entry["kind"] == "measured" and "held_s" in entry["data"]["values"]]  # fmt: skip
    say("\n== What came of it")
    say(f"the site is served by: {serving}")
    for kind in ("reads", "writes"):
        seen = numbers[kind]
        say(f"{kind}: {seen['ok']} of {seen['requests']} served, {seen['failed']} failed, "
            f"longest gap {seen['longest_gap']['seconds']} s, served by {seen['served_by']}")  # fmt: skip
    say(f"writes were held for: {', '.join(f'{each:.2f} s' for each in held)}")


def judged(fine: bool, expected: str, demo: Demo, result: Path) -> int:
    """Say whether the demo went as it should; return its exit code."""
    numbers = json.loads(result.read_text())
    fine = fine and not any(numbers[kind]["failed"] for kind in ("reads", "writes"))
    say(f"runbook: {demo.out / 'runbook.html'}\nload:    {result}")
    say("demo: as expected" if fine else f"demo: expected no failed request, every write kept, {expected}")
    return 0 if fine else 1


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="start over with clean hosts")
    parser.add_argument("--small", action="store_true", help="fewer rows and files, and not by hand")
    parser.add_argument("--break", dest="broken", action="store_true", help="let the smoke test fail")
    parser.add_argument("--lab", default="demo", help="name of the lab")
    parser.add_argument("--out", type=Path, default=OUT, help="where reports go")
    arguments = parser.parse_args()
    demo = Demo(arguments.lab, arguments.out.resolve())
    began = time.monotonic()
    booted = demo.boot(fresh=arguments.fresh)
    size = () if arguments.small else ("-e", json.dumps(LARGE))
    built = must(demo.run("Build the servers", "site.yml", *size, report="site"), "site.yml")
    again = must(demo.run("Build them again: nothing is left to do", "site.yml", *size), "site.yml")
    if demo.active() != "old":
        say("\nThe site was moved to 'new' by an earlier demo. Start over with: make demo FRESH=1")
        return 0
    held = None if arguments.small or arguments.broken else by_hand(demo)
    code = break_it(demo) if arguments.broken else move(demo)
    if held is not None:
        say(f"the same move by hand kept writes away for {held:.1f} s")
    say(f"\nhosts {booted.seconds:.0f} s, site {built.seconds:.0f} s, again {again.seconds:.1f} s, "
        f"in all {time.monotonic() - began:.0f} s")  # fmt: skip
    say(f"journals: PROVISIONER_STATE_DIR={demo.state} provisioner history")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
