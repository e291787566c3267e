"""Breaks a cut-over at every stage, brings it to its end, and proves that nothing was lost.

    cutover_faults.py [--only WORD ...] [--list] [--lab NAME] [--json FILE] [--rounds N] [--minutes N]

The demo site is built on three lab hosts (old, new, lb) and moved by ``provisioner migrate`` while visitors read and
write through the balancer. Each case waits for a stage of the cut-over and breaks something at its beginning or inside
it: the controller is killed, a link is cut, a database stops, a disk is full, the smoke test fails. Then the same
command is given again until the migration is moved or gone back. After each case:

    exactly one server serves (twenty requests through the balancer, and the record agrees),
    every write that was acknowledged is there, row and file, once,
    the end is one of: moved, gone back, or a pause with a statement that names the host and the reason.

Requests that failed while something was broken are counted, not forbidden: a balancer whose link is cut serves nobody.
The exit code is the number of cases that broke the promise.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))  # as a script this folder is on the path, the tree is not

from provisioner.journal import chronicle  # noqa: E402
from provisioner.lab.lab import Lab  # noqa: E402
from provisioner.migration.record import Standing, standing  # noqa: E402
from provisioner.migration.stages import CUTOVER  # noqa: E402

HOSTS = ("old", "new", "lb")
ENTRY = "from provisioner.cli.main import entry; entry()"
KEEPALIVE = "-o ServerAliveInterval=1 -o ServerAliveCountMax=3"
VAULT = "inventories/demo/vault-password.txt"
WAIT_S = 90.0
TRIES = 6
SETTLED = ("confirming", "observing", "seeding", "in_sync", "ready")
SMALL = {"old": {"site_app_seed_rows": 3000, "site_app_seed_files": 200}}


@dataclass
class Case:
    """One broken cut-over and what came of it."""

    name: str
    ended: str = ""
    statement: str = ""
    statement_at_end: str = ""
    tries: int = 0
    served_by: list[str] = field(default_factory=list)
    acknowledged: int = 0
    failed: int = 0
    held_s: float = 0.0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Scene:
    """The lab with the site on it, and the command line as its user starts it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.state = folder / "state"
        self.booted: dict[str, str] = {}
        self.number = 0

    @property
    def inventory(self) -> list[str]:
        """Return the options that name the inventory."""
        return ["-i", str(self.lab.inventory_path), "-i", "inventories/demo", "--vault-password-file", VAULT]

    @property
    def url(self) -> str:
        """Return where visitors go."""
        return f"http://{self.lab.host('lb').address}/"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of provisioner."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_STATE"))}
        environment = {**kept, "PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(self.state), "NO_COLOR": "1"}
        log = (self.folder / "commands.log").open("ab")
        log.write(f"\n$ provisioner {' '.join(words)}\n".encode())
        log.flush()
        return subprocess.Popen(
            [sys.executable, "-c", ENTRY, *words], env=environment, cwd=TOP,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_listens,  # noqa: PLW1509
        )  # fmt: skip

    def run(self, *words: str, timeout_s: float = 400.0) -> int:
        """Run a command of provisioner to its end."""
        return self.start(*words).wait(timeout_s)

    def migrate(self, *words: str) -> list[str]:
        """Return a command about the migration."""
        verb, *rest = words
        place = ["-d", "playbooks/move.yml", *self.inventory, f"--ssh-extra-args={KEEPALIVE}"]
        return ["migrate", verb, "site", *rest, *place]

    def on(self, host: str, command: str) -> str:
        """Run a command on a host."""
        words = [*self.lab.ssh_command(self.lab.host(host)), command]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout.strip()

    def standing(self) -> Standing:
        """Return where the migration stands."""
        return standing(chronicle.read(self.state / "migrations/site/record.jsonl"))

    def stages(self) -> tuple[int, list[str]]:
        """Return how many cut-overs were begun, and the stages the last one has come to."""
        found, begun, stages = 0, False, list[str]()
        for entry in chronicle.read(self.state / "migrations/site/record.jsonl"):
            if entry.kind == "began":
                begun = entry.data["phase"] == "cutover"
                found, stages = found + begun, []
            elif begun and entry.kind == "entered":
                stages.append(str(entry.data["stage"]))
        return found, stages


def _listens() -> None:
    """Hear Ctrl-C, whatever this program was told about it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


Break = Callable[[Scene, "subprocess.Popen[bytes]"], None]
Mend = Callable[[Scene], None]


@dataclass(frozen=True)
class Fault:
    """What is broken, when, and how it is mended before the next try; ``extra`` are words for the command."""

    name: str
    stage: str
    after_s: float
    act: Break
    mend: Mend = lambda _scene: None
    extra: tuple[str, ...] = ()


def kill(_scene: Scene, process: subprocess.Popen[bytes]) -> None:
    """Kill -9 the controller."""
    process.send_signal(signal.SIGKILL)


def interrupt(_scene: Scene, process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C once."""
    process.send_signal(signal.SIGINT)


def kill_all(scene: Scene, process: subprocess.Popen[bytes]) -> None:
    """Kill -9 the controller and all that it left on the balancer, the process of its guard too."""
    kill(scene, process)
    scene.on("lb", "pkill -9 -x python3; true")


def nothing(_scene: Scene, _process: subprocess.Popen[bytes]) -> None:
    """Break nothing: what is wrong is in the command."""


def cut(host: str) -> Break:
    """Cut all links of a host."""
    return lambda scene, _process: scene.lab.cut(host)


def heal(host: str) -> Mend:
    """Bring its links back."""
    return lambda scene: scene.lab.heal(host)


def command(host: str, text: str) -> Break:
    """Run a command on a host."""
    return lambda scene, _process: scene.on(host, text) and None


def mending(host: str, text: str) -> Mend:
    """Run a command on a host, afterwards."""
    return lambda scene: scene.on(host, text) and None


STOP_DATABASE = "pkill -9 -f bin/postgres; systemctl stop 'postgresql@*'; true"
START_DATABASE = "systemctl reset-failed 'postgresql@*'; systemctl start postgresql; sleep 2; true"
FILL = (
    "mount -t tmpfs -o size=4k tmpfs /var/lib/provisioner/migration;"
    " dd if=/dev/zero of=/var/lib/site/uploads/fill bs=1M count=1; true"
)
COUNT = 'runuser -u postgres -- psql -Atqc "select count(*), count(distinct token) from items" site'
ASK = "curl -s -m 10 -o /dev/null -D - http://127.0.0.1/healthz | grep -i x-served-by | tr -d '\\r'"
EMPTY = "umount -l /var/lib/provisioner/migration; rm -f /var/lib/site/uploads/fill; true"


REBOOT = "nohup systemctl reboot --force --force > /dev/null 2>&1 & true"
BOOTED = "cut -d ' ' -f 22 /proc/1/stat"
"""When the first process of the host began: another number after each boot."""


def reboot(host: str) -> Break:
    """Reboot a host as if its power had been cut."""

    def act(scene: Scene, _process: subprocess.Popen[bytes]) -> None:
        scene.booted[host] = scene.on(host, BOOTED)
        scene.on(host, REBOOT)

    return act


def until_up(host: str) -> Mend:
    """Wait until a host that was rebooted has booted and its services serve."""

    def wait(scene: Scene) -> None:
        until = time.monotonic() + WAIT_S
        before = scene.booted.pop(host, "")
        while time.monotonic() < until:
            said = scene.on(host, f"{BOOTED} && systemctl is-system-running --wait > /dev/null; echo up").split()
            if said[-1:] == ["up"] and said[0] not in (before, "up"):
                return
            time.sleep(0.5)
        raise SystemExit(f"{host} does not come back")

    return wait


def faults() -> Iterator[Fault]:
    """Yield every case."""
    for stage in CUTOVER:
        for after_s in (0.0, 0.08):
            yield Fault(f"controller killed, {stage} +{after_s:g}s", stage, after_s, kill)
    for stage in CUTOVER:
        for host in HOSTS:
            yield Fault(f"link of {host} cut, {stage}", stage, 0.02, cut(host), heal(host))
    for stage in ("preflight", "quiesce", "final sync", "switch", "smoke test", "release"):
        for host in ("old", "new"):
            act, mend = command(host, STOP_DATABASE), mending(host, START_DATABASE)
            yield Fault(f"database of {host} stopped, {stage}", stage, 0.0, act, mend)
    for stage in ("preflight", "quiesce", "switch"):
        yield Fault(f"disk of new full, {stage}", stage, 0.0, command("new", FILL), mending("new", EMPTY))
    for stage in ("quiesce", "switch", "smoke test", "release"):
        for host in HOSTS:
            yield Fault(f"{host} rebooted, {stage}", stage, 0.0, reboot(host), until_up(host))
    for stage in ("quiesce", "switch", "smoke test"):
        yield Fault(f"controller and guard's process killed, {stage}", stage, 0.0, kill_all)
    yield Fault("smoke test fails", "smoke test", 0.0, nothing, extra=("-e", "demo_smoke=false"))
    for stage in ("quiesce", "switch", "decision", "release"):
        yield Fault(f"Ctrl-C, {stage}", stage, 0.03, interrupt)


def spread(chosen: Sequence[Fault]) -> list[Fault]:
    """Return the cases so that all kinds have their turn early: one of each, then the next of each."""
    kinds: dict[str, list[Fault]] = {}
    for fault in chosen:
        kinds.setdefault(fault.name.partition(",")[0], []).append(fault)
    return [fault for turn in zip_longest(*kinds.values()) for fault in turn if fault is not None]


def wait_for(scene: Scene, count: int, stage: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a cut-over after the first ``count`` ones comes to a stage; tell whether it did while it ran."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and process.poll() is None:
        begun, stages = scene.stages()
        if begun > count and stage in stages:
            return True
        time.sleep(0.005)
    return False


def build(scene: Scene) -> None:
    """Build the site, and walk the migration to where the switch may begin."""
    small = json.dumps(SMALL["old"])
    code = scene.run("run", "playbooks/site.yml", *scene.inventory, "-e", small)
    if code:
        raise SystemExit(f"site.yml ended with {code}: see {scene.folder}/commands.log")
    get_ready(scene)


def get_ready(scene: Scene) -> None:
    """Walk to ``ready``."""
    if scene.standing().state == "ready":
        return
    code = scene.run(*scene.migrate("resume", "--pause-after", "ready"))
    if code or scene.standing().state != "ready":
        raise SystemExit(f"the migration does not get ready ({code}): see {scene.folder}/commands.log")


def visitors(scene: Scene, out: Path, stop: Path) -> subprocess.Popen[bytes]:
    """Start those who read and write."""
    stop.unlink(missing_ok=True)
    words = [scene.url, "--seconds", "400", "--writes-per-second", "20", "--readers", "2", "--timeout", "60"]
    load = [sys.executable, "bench/load.py", *words, "--out", str(out), "--stop-file", str(stop)]
    return subprocess.Popen(load, cwd=TOP, stdout=subprocess.DEVNULL)


def play(scene: Scene, fault: Fault) -> Case:
    """Carry out one case."""
    case, began = Case(fault.name), time.monotonic()
    get_ready(scene)
    out, stop = scene.folder / "load.json", scene.folder / "load.stop"
    load = visitors(scene, out, stop)
    time.sleep(0.5)
    before = scene.stages()[0]
    process = scene.start(*scene.migrate("cutover", *fault.extra))
    try:
        if wait_for(scene, before, fault.stage, process):
            time.sleep(fault.after_s)
            fault.act(scene, process)
        else:
            case.wrong.append(f"never came to {fault.stage}")
        process.wait(WAIT_S * 2)
    finally:
        fault.mend(scene)
    bring_to_an_end(scene, case)
    time.sleep(0.5)
    stop.touch()
    load.wait(120)
    judge(scene, case, json.loads(out.read_text(encoding="utf-8")), out)
    case.seconds = round(time.monotonic() - began, 1)
    return case


def bring_to_an_end(scene: Scene, case: Case) -> None:
    """Give the command again until it has come to an end."""
    found = scene.standing()
    case.statement = f"{found.state}: {found.because}"
    while case.tries < TRIES and (found.state not in SETTLED or found.unfinished):
        case.tries += 1
        scene.run(*scene.migrate("run", "--pause-after", "seed"))
        found = scene.standing()
    case.ended = "moved" if found.state in ("confirming", "observing") else found.state
    case.statement_at_end = found.because
    if found.state not in SETTLED:
        case.wrong.append(f"did not settle: {found.state}: {found.because}")


def judge(scene: Scene, case: Case, load: dict[str, object], out: Path) -> None:
    """Record what is not as promised."""
    served = [scene.on("lb", ASK) for _ in range(5)]
    case.served_by = sorted({each.partition(":")[2].strip() for each in served})
    expected = "new" if case.ended == "moved" or "was moved" in case.statement_at_end else "old"
    if case.served_by != [expected]:
        case.wrong.append(f"served by {case.served_by}, the record says {expected}")
    checked = subprocess.run(
        [sys.executable, "bench/load.py", "--check", scene.url, str(out)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode:
        case.wrong.append(f"writes: {checked.stdout.strip()}")
    tokens = len({each["token"] for each in load["acknowledged"]})  # type: ignore[attr-defined]
    rows = scene.on(
        expected, 'runuser -u postgres -- psql -Atqc "select count(*), count(distinct token) from items" site'
    )
    if rows.split("|")[0] != rows.split("|")[-1]:
        case.wrong.append(f"a write is there twice: {rows}")
    sides: list[dict[str, dict[str, float]]] = [load[each] for each in ("reads", "writes") if load[each]]  # type: ignore[misc]
    case.acknowledged, case.failed = tokens, sum(int(each["failed"]) for each in sides)  # type: ignore[call-overload]
    case.held_s = sides[-1]["longest_gap"]["seconds"]


def go_home(scene: Scene, case: Case) -> None:
    """Let old serve again for the next case."""
    if case.ended == "moved" and scene.run(*scene.migrate("rollback", "--reason", "next case")):
        case.wrong.append("the way back after the move failed")
    scene.run(*scene.migrate("resume", "--pause-after", "ready"))


def main(argv: Sequence[str] | None = None) -> int:
    """Play every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="cases whose name holds one of these words")
    parser.add_argument("--list", action="store_true", help="show the names of the cases")
    parser.add_argument("--lab", default="cutfaults", help="name of the lab")
    parser.add_argument("--json", type=Path, help="write the cases")
    parser.add_argument("--keep", type=Path, help="an existing folder for logs and records, kept")
    parser.add_argument("--rounds", type=int, default=1, help="play all of them so often")
    parser.add_argument("--minutes", type=float, help="begin no case after so long; all kinds have their turn early")
    given = parser.parse_args(argv)
    until = time.monotonic() + 60 * given.minutes if given.minutes else float("inf")
    chosen = [f for f in faults() if not given.only or any(word in f.name for word in given.only)] * given.rounds
    chosen = spread(chosen) if given.minutes else chosen
    if given.list:
        print("\n".join(fault.name for fault in chosen))
        return 0
    done: list[Case] = []
    with tempfile.TemporaryDirectory(prefix="cutover-faults-") as temporary:
        folder = given.keep or temporary
        lab = Lab(given.lab)
        lab.down()  # what an earlier campaign left, cut links too
        lab.up(HOSTS)
        try:
            scene = Scene(lab, Path(folder))
            build(scene)
            for fault in chosen:
                if time.monotonic() > until:
                    break
                case = play(scene, fault)
                go_home(scene, case)
                done.append(case)
                show(case)
                if given.json:
                    given.json.write_text(json.dumps([asdict(each) for each in done], indent=1), encoding="utf-8")
        finally:
            lab.down()
    return summary(done)


def show(case: Case) -> None:
    """Print one case."""
    verdict = "WRONG" if case.wrong else "ok"
    figures = (
        f"tries {case.tries} acked {case.acknowledged:4} failed {case.failed:3} held {case.held_s:5.2f}s"
        f" {case.seconds:5.1f}s"
    )
    said = f"{case.statement[:90]} {'; '.join(case.wrong)}"
    print(f"{verdict:5} {case.name:42} {case.ended:10} {figures}  {said}", flush=True)


def summary(done: Sequence[Case]) -> int:
    """Print the sum; return how many cases broke the promise."""
    wrong = [case for case in done if case.wrong]
    ends = {end: sum(1 for case in done if case.ended == end) for end in sorted({case.ended for case in done})}
    print(
        f"{len(done)} cases, {len(wrong)} wrong; ends: {ends}; acknowledged writes: {sum(c.acknowledged for c in done)}"
    )
    return len(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
