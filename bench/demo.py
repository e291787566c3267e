"""The main job on real hosts: build an old server, move its site to a new one under load, prove that nothing was lost.

    demo.py              boots the lab ``demo`` (hosts old, new, lb) and runs the job; a second time it shows that
                         nothing is left to do
    demo.py --fresh      starts over with clean hosts
    demo.py --break      breaks the application on the new server on the way: the site must end up on the old one

Standard library only; every step is the ``provisioner`` command that a user would type, and is shown.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent
OUT = TOP / ".cache" / "demo"
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
        out.mkdir(parents=True, exist_ok=True)
        self.inventory: list[str] = []
        self.site = ""

    def boot(self, *, fresh: bool) -> Step:
        """Bring the lab up; ``fresh`` makes its hosts clean."""
        done = must(
            step("Boot three hosts", PROVISIONER, "lab", "up", "--name", self.lab, "--hosts", "old,new,lb"), "lab up"
        )
        if fresh:
            must(step("Make them clean", PROVISIONER, "lab", "reset", "--name", self.lab), "lab reset")
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

    def load(self) -> tuple[subprocess.Popen[bytes], Path, Path]:
        """Start visitors who read and write through the balancer until the stop file appears."""
        result, stop = self.out / "load.json", self.out / "load.stop"
        stop.unlink(missing_ok=True)
        command = [sys.executable, "bench/load.py", self.site, "--seconds", "600", "--writes-per-second", "10"]
        say(f"\n== Visitors read and write through {self.site} from now on")
        process = subprocess.Popen(
            [*command, "--out", str(result), "--stop-file", str(stop)], cwd=TOP, stdout=subprocess.DEVNULL
        )
        return process, result, stop

    def active(self) -> str:
        """Return the server that the balancer sends visitors to."""
        url = self.site + "healthz"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(json.load(answer)["hostname"])


def move(demo: Demo, *, broken: bool) -> int:
    """Move the site under load; return the exit code of the demo."""
    load, result, stop = demo.load()
    time.sleep(2)
    extra = ("-e", "demo_break_new=true") if broken else ()
    try:
        moved = demo.run("Move the site from old to new", "migrate.yml", *extra, report="migrate")
    finally:
        time.sleep(2)
        stop.touch()
        load.wait(timeout=60)
    numbers = json.loads(result.read_text())
    kept = step("Is every write that was acknowledged still there?", sys.executable, "bench/load.py", "--check",
                demo.site, str(result))  # fmt: skip
    serving = demo.active()
    say("\n== What came of it")
    say(f"the site is served by: {serving}")
    say(f"move: exit code {moved.code} after {moved.seconds:.0f} s")
    for name, value in numbers.items():
        if not isinstance(value, (list, dict)) or (isinstance(value, dict) and len(value) < 12):
            say(f"  {name}: {value}")
    say(f"report:  {demo.out / 'migrate.html'}\njunit:   {demo.out / 'migrate.xml'}\nload:    {result}")
    expected = (2, "old") if broken else (0, "new")
    fine = (moved.code, serving) == expected and kept.code == 0
    say("demo: as expected" if fine else f"demo: expected exit code {expected[0]} and the site on {expected[1]}")
    return 0 if fine else 1


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="start over with clean hosts")
    parser.add_argument("--break", dest="broken", action="store_true", help="break the new server on the way")
    parser.add_argument("--lab", default="demo", help="name of the lab")
    parser.add_argument("--out", type=Path, default=OUT, help="where reports go")
    arguments = parser.parse_args()
    demo = Demo(arguments.lab, arguments.out)
    began = time.monotonic()
    booted = demo.boot(fresh=arguments.fresh)
    built = must(demo.run("Build the servers", "site.yml", report="site"), "site.yml")
    again = must(demo.run("Build them again: nothing is left to do", "site.yml"), "site.yml")
    code = 0
    if demo.active() == "old":
        code = move(demo, broken=arguments.broken)
        if code == 0 and not arguments.broken:
            must(demo.run("Build once more, after the move", "site.yml"), "site.yml")
    else:
        say("\nThe site was moved to 'new' by an earlier demo. Start over with: make demo FRESH=1")
    say(f"\nhosts {booted.seconds:.0f} s, site {built.seconds:.0f} s, again {again.seconds:.1f} s, "
        f"in all {time.monotonic() - began:.0f} s")  # fmt: skip
    say("journals: provisioner history")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
