"""Breaks a run in the middle at seeded moments, resumes it, and proves that nothing was lost and nothing done twice.

    faults.py [--cases 300] [--seed 1] [--only KIND ...] [--lab NAME] [--json FILE]

Each case starts the same playbook on two clean lab hosts, breaks something at a random moment, and resumes until the
run comes to its end. Then the hosts must look as after an undisturbed run: the same files, every counting command run
exactly once or reported unknown by name, every handler that was owed run. A case is rerun with its seed: --seed N
--cases 1. The exit code is the number of cases that broke the promise.

Clocks jump for the processes of the case alone (bench/clock.py, which says why), by an hour, a day or forty days, ahead
or back; in half of these cases something else breaks at the same moment. Without a C compiler they are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))  # as a script this folder is on the path, the tree is not

from bench.clock import INSTALL, INTERPRETER, SET, Clock, compiler  # noqa: E402
from provisioner.diagnostics.errors import InputError  # noqa: E402
from provisioner.journal.recall import read_recall  # noqa: E402
from provisioner.lab.lab import Lab  # noqa: E402
from provisioner.model.status import Status  # noqa: E402

HOSTS = ("h1", "h2")
PLACE = "/srv/faults"
RUN_S = 240.0
JUMPS_S = (3600, -3600, 86400, -86400, 40 * 86400, -40 * 86400)
RESUMES = 6
UNSYNCED_S = 0.06
"""What a power cut may take of the journal: its writer syncs at least every 50 ms while things change."""
ENTRY = "from provisioner.cli.main import entry; entry()"
KEEPALIVE = "-o ServerAliveInterval=1 -o ServerAliveCountMax=3"
COMMANDS = 8
LOOP = 4

PLAYBOOK = """
- hosts: all
  tasks:
    - file: {path: "PLACE/tree", state: directory, mode: "0750"}
    - copy: {content: "{{ inventory_hostname }} {{ item }}\\n", dest: "PLACE/tree/{{ item }}"}
      loop: "{{ range(6) | list }}"
    - shell: echo one >> PLACE/count.a && sleep 0.3 && echo "{{ inventory_hostname }}-said"
      register: said
      no_log: true
      any_errors_fatal: true  # the others read what it says, and would go on with what a failed one said
      notify: [tell, tell again]
    - set_fact: {number: "{{ 1000000 | random }}"}
    - copy: {content: "{{ number }}\\n", dest: PLACE/number}
    - shell: echo one >> PLACE/count.loop-{{ item }} && sleep 0.2
      loop: [1, 2, 3, 4]
    - lineinfile: {path: PLACE/number, line: "from {{ hostvars[other].said.stdout }}"}
      vars: {other: "{{ 'h2' if inventory_hostname == 'h1' else 'h1' }}"}
    - include_tasks: part.yml
      loop: [x, y]
      loop_control: {loop_var: part}
    - block:
        - shell: echo one >> PLACE/count.failing && sleep 0.2; exit 3
      rescue:
        - shell: echo one >> PLACE/count.rescue && sleep 0.2
      always:
        - shell: echo one >> PLACE/count.always
    - user: {name: faulty, system: true, create_home: false}
    - cron: {name: faults, job: "true", hour: "4"}
    - shell: echo one >> PLACE/count.last && sleep 0.3
    - shell: echo one >> PLACE/count.once-{{ inventory_hostname }} && sleep 0.2
      run_once: true
  handlers:
    - name: tell
      shell: echo one >> PLACE/count.told && sleep 0.2
    - name: tell again
      shell: echo one >> PLACE/count.told-again && sleep 0.2
"""
PART = """
- shell: echo one >> PLACE/count.part-{{ part }} && sleep 0.2
- template: {src: part.j2, dest: "PLACE/part-{{ part }}"}
"""
LOOK = (
    f"cd {PLACE} && for f in $(find . -type f ! -name 'count.*' ! -name number | sort); do"
    " echo $f $(stat -c %a $f) $(md5sum < $f); done; sed -n '2,$p' number; wc -l < number;"
    " id -u faulty >/dev/null && echo user; crontab -l | grep -c faults"
)
COUNTS = f"cd {PLACE} && for f in count.*; do [ ! -e $f ] || echo $f $(wc -l < $f); done"


@dataclass
class Case:
    """One broken run and what came of it."""

    seed: int
    kind: str
    at_s: float
    resumes: int = 0
    unknown: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Stage:
    """Two lab hosts, a folder with the playbook, and the command line as a user starts it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        (folder / "site.yml").write_text(PLAYBOOK.replace("PLACE", PLACE), encoding="utf-8")
        (folder / "part.yml").write_text(PART.replace("PLACE", PLACE), encoding="utf-8")
        (folder / "part.j2").write_text("part {{ part }} of {{ inventory_hostname }}\n", encoding="utf-8")
        self.clock = Clock.build(folder) if compiler() else None
        self.chance = random.Random()
        if self.clock is not None:
            for host in HOSTS:
                command = [*self.lab.ssh_command(self.lab.host(host)), INSTALL]
                subprocess.run(command, input=self.clock.library.read_bytes(), check=True, timeout=60)

    def clean(self) -> None:
        """Make both hosts as new, and set all clocks right."""
        if self.clock is not None:
            self.clock.set(0)
        for host in HOSTS:
            gone = f"umount -l {PLACE} 2>/dev/null; rm -rf {PLACE} ~/.provisioner; mkdir {PLACE}"
            command = f"pkill -9 -f 'zlib[.]decompress'; {gone}; userdel faulty; crontab -r; echo clean"
            until = time.monotonic() + 60  # it may be booting still
            while self.on(host, command).strip() != "clean":
                if time.monotonic() > until:
                    raise RuntimeError(f"{host} cannot be cleaned")
                time.sleep(0.5)
            if self.clock is not None:
                self.on(host, SET % 0)

    def on(self, host: str, command: str) -> str:
        """Run a command on a host."""
        done = subprocess.run(
            [*self.lab.ssh_command(self.lab.host(host)), command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def start(self, state: Path, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of provisioner."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_STATE"))}
        environment = {**kept, "PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(state), "NO_COLOR": "1"}
        if self.clock is not None:
            environment.update(self.clock.environment())
        log = (state.parent / f"{state.name}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-c", ENTRY, *words], env=environment, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip

    def run(self, state: Path, patience_s: int = 20) -> subprocess.Popen[bytes]:
        """Start the playbook; every worker has a clock that can jump."""
        words = ["run", "site.yml", "-i", str(self.lab.inventory_path), "--ssh-extra-args", KEEPALIVE]
        clock = ["-e", f"ansible_python_interpreter={INTERPRETER}"] if self.clock is not None else []
        return self.start(state, *words, *clock, "--reconnect", str(patience_s))

    def state_of(self) -> dict[str, str]:
        """Return what both hosts look like, counters apart."""
        return {host: self.on(host, LOOK) for host in HOSTS}

    def counts(self) -> dict[str, int]:
        """Return how often each counting command ran, by host and name."""
        found = {}
        for host in HOSTS:
            for line in self.on(host, COUNTS).splitlines():
                name, number = line.split()
                found[f"{host} {name}"] = int(number)
        return found


Break = Callable[[Stage, subprocess.Popen[bytes], str, Path], None]


def kill_controller(_stage: Stage, process: subprocess.Popen[bytes], _host: str, _state: Path) -> None:
    """Kill -9 the controller."""
    process.send_signal(signal.SIGKILL)


def cut_power_of_controller(stage: Stage, process: subprocess.Popen[bytes], _host: str, state: Path) -> None:
    """Kill -9 the controller, and lose what of the journal may not have been on the disk, down to any byte."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    for journal in (state / "runs").glob("*/journal.jsonl"):
        whole = journal.read_bytes()
        os.truncate(journal, stage.chance.randint(_surely_synced(whole), len(whole)))


def _surely_synced(journal: bytes) -> int:
    """Return how many bytes the disk has for certain: all but the lines of the last moments, the first in any case."""
    safe = offset = 0
    lines = [line for line in journal.splitlines(keepends=True) if line.endswith(b"\n")]
    times = [json.loads(line).get("at") for line in lines]
    last = max((at for at in times if at), default=0.0)
    for line, at in zip(lines, times, strict=True):
        offset += len(line)
        if safe == 0 or (at and at <= last - UNSYNCED_S):
            safe = offset
    return safe


def interrupt(_stage: Stage, process: subprocess.Popen[bytes], _host: str, _state: Path) -> None:
    """Press Ctrl-C once."""
    process.send_signal(signal.SIGINT)


def cut(seconds: float) -> Break:
    """Cut the link for a while."""

    def act(stage: Stage, _process: subprocess.Popen[bytes], host: str, _state: Path) -> None:
        stage.lab.cut(host)
        time.sleep(seconds)
        stage.lab.heal(host)

    return act


def kill_worker(stage: Stage, _process: subprocess.Popen[bytes], host: str, _state: Path) -> None:
    """Kill -9 the worker on a host."""
    stage.on(host, "pkill -9 -f 'zlib[.]decompress'")


def restart_sshd(stage: Stage, _process: subprocess.Popen[bytes], host: str, _state: Path) -> None:
    """Restart sshd and end every connection it has."""
    stage.on(host, "systemctl restart ssh & sleep 0.3; pkill -9 -f 'sshd: root'; true")


def power_off(stage: Stage, _process: subprocess.Popen[bytes], host: str, _state: Path) -> None:
    """Take a host's power away and give it back."""
    stage.on(host, "nohup systemctl reboot --force --force >/dev/null 2>&1 & true")
    deadline = time.monotonic() + 20
    while stage.lab.is_running(stage.lab.host(host)) and time.monotonic() < deadline:
        time.sleep(0.1)
    stage.lab.up([host])


def fill_target(stage: Stage, _process: subprocess.Popen[bytes], host: str, _state: Path) -> None:
    """Fill the disk the playbook writes to, for two seconds."""
    stage.on(host, f"cat /dev/zero > {PLACE}/fill; sleep 2; rm -f {PLACE}/fill")


def fill_controller(_stage: Stage, process: subprocess.Popen[bytes], _host: str, state: Path) -> None:
    """Fill the disk of the controller's state folder until the run has ended."""
    filler = state / "fill"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 4096)
        except OSError:
            pass
    process.wait(timeout=RUN_S)
    filler.unlink()


def jump_target(stage: Stage, process: subprocess.Popen[bytes], host: str, state: Path) -> None:
    """Set the clock of the worker and its commands; half of the time something breaks as well."""
    stage.on(host, SET % stage.chance.choice(JUMPS_S))
    stage.chance.choice((leave, leave, kill_worker, cut(1)))(stage, process, host, state)


def jump_controller(stage: Stage, process: subprocess.Popen[bytes], host: str, state: Path) -> None:
    """Set the clock of the controller; half of the time it is ended as well, and resumed in that other time."""
    if stage.clock is not None:
        stage.clock.set(stage.chance.choice(JUMPS_S))
    stage.chance.choice((leave, leave, kill_controller, interrupt))(stage, process, host, state)


def leave(_stage: Stage, _process: subprocess.Popen[bytes], _host: str, _state: Path) -> None:
    """Break nothing more."""


KINDS: dict[str, Break] = {
    "controller killed": kill_controller,
    "controller power lost": cut_power_of_controller,
    "controller interrupted": interrupt,
    "link cut 1 s": cut(1),
    "link cut 10 s": cut(10),
    "link cut 60 s": cut(60),
    "worker killed": kill_worker,
    "sshd restarted": restart_sshd,
    "power lost": power_off,
    "target disk full": fill_target,
    "controller disk full": fill_controller,
    "target clock jumped": jump_target,
    "controller clock jumped": jump_controller,
}
CLOCKS = ("target clock jumped", "controller clock jumped")


def main() -> int:
    """Run the cases the arguments ask for and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first case; each has its own")
    parser.add_argument("--only", action="append", choices=sorted(KINDS))
    parser.add_argument("--lab", default="faults")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, by what we start, too
    lab = Lab(options.lab, say=print)
    lab.up(HOSTS)
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        try:
            cases = _campaign(Stage(lab, Path(scratch)), Path(scratch), options)
        finally:
            lab.down()
    if options.json:
        options.json.write_text(json.dumps([asdict(case) for case in cases], indent=1) + "\n", encoding="utf-8")
    _summary(cases)
    return min(100, sum(bool(case.wrong) for case in cases))


def _campaign(stage: Stage, scratch: Path, options: argparse.Namespace) -> list[Case]:
    stage.clean()
    began = time.monotonic()
    code = stage.run(scratch / "undisturbed").wait(timeout=RUN_S)
    whole_s = time.monotonic() - began
    if code != 0:
        print((scratch / "undisturbed.log").read_text("utf-8"))
        raise RuntimeError(f"the undisturbed run ended with {code}")
    wanted, counts = stage.state_of(), stage.counts()
    print(f"undisturbed: {whole_s:.1f} s, {len(counts)} counters", flush=True)
    kinds = options.only or [kind for kind in sorted(KINDS) if stage.clock is not None or kind not in CLOCKS]
    cases = []
    for seed in range(options.seed, options.seed + options.cases):
        chance = random.Random(seed)
        stage.chance = chance
        kind = chance.choice(kinds)
        case = Case(seed, kind, round(chance.uniform(0.05, whole_s), 2))
        _case(stage, scratch, case, chance.choice(HOSTS), wanted, counts)
        verdict = "; ".join(case.wrong) or ("unknown: " + ", ".join(case.unknown) if case.unknown else "whole")
        print(f"{seed:5} {kind:24} at {case.at_s:5.2f} s  {case.resumes} resumed  {verdict}", flush=True)
        cases.append(case)
    return cases


def _case(stage: Stage, scratch: Path, case: Case, host: str, wanted: dict[str, str], counts: dict[str, int]) -> None:
    stage.clean()
    state = scratch / f"case-{case.seed}"
    state.mkdir()
    if case.kind == "controller disk full":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(state)], check=True)
    if case.kind == "target disk full":
        stage.on(host, f"mount -t tmpfs -o size=64m tmpfs {PLACE}")
    began = time.monotonic()
    try:
        # longer than the longest cut, every other time: then the run finds its hosts again by itself
        process = stage.run(state, 20 if case.seed % 2 else 100)
        time.sleep(case.at_s)
        KINDS[case.kind](stage, process, host, state)
        code = 0 if process.wait(timeout=RUN_S) == 0 or _is_over(state) else 1
        while code != 0 and case.resumes < RESUMES:
            case.unknown += _unknown(state)
            case.resumes += 1
            how = ["--unknown", "again"] if case.resumes > 1 else []
            again = stage.start(state, "resume", *how) if _is_begun(state) else stage.run(state)
            code = again.wait(timeout=RUN_S)
        case.wrong += _judge(stage, case, code, wanted, counts)
    except (subprocess.SubprocessError, OSError, ValueError, InputError) as error:
        case.wrong.append(f"{type(error).__name__}: {error}")
    finally:
        case.seconds = round(time.monotonic() - began, 1)
        if case.wrong:
            print((scratch / f"{state.name}.log").read_text("utf-8")[-3000:])
        if case.kind == "controller disk full":
            subprocess.run(["umount", "--lazy", str(state)], check=True)


def _is_begun(state: Path) -> bool:
    """Tell whether the run was on record before it broke: only then may it have done something."""
    return any(path.read_bytes().count(b"\n") for path in (state / "runs").glob("*/journal.jsonl"))


def _is_over(state: Path) -> bool:
    """Tell whether the run came to its good end before it broke: nothing is left to be resumed."""
    os.environ["PROVISIONER_STATE_DIR"] = str(state)
    found = [
        read_recall(path, os.environ).finished for path in (state / "runs").glob("*/journal.jsonl") if _is_begun(state)
    ]
    return any(finished is not None and finished.exit_code == 0 for finished in found)


def _unknown(state: Path) -> list[str]:
    """Return what the last journal says nobody knows the outcome of."""
    runs = sorted((state / "runs").glob("*/journal.jsonl"))
    if not runs or not _is_begun(state):
        return []
    os.environ["PROVISIONER_STATE_DIR"] = str(state)
    recall = read_recall(runs[-1], os.environ)
    names = [
        f"{host} {recall.planned[operation].name}"
        for (operation, host), event in recall.unknown.items()
        if event.status is Status.LOST and operation in recall.planned
    ]
    return sorted(set(names))


def _judge(stage: Stage, case: Case, code: int, wanted: dict[str, str], counts: dict[str, int]) -> list[str]:
    """Return what is not as it should be."""
    wrong = [] if code == 0 else [f"ended with {code} after {case.resumes} resumes"]
    found, numbers = stage.state_of(), stage.counts()
    wrong += [
        f"{host} looks different: {_differs(found[host], wanted[host])}"
        for host in HOSTS
        if found[host] != wanted[host]
    ]
    doubtful = Counter(name.split()[0] for name in case.unknown)
    for name, number in counts.items():
        now = numbers.get(name, 0)
        if now != number and not (now == number + 1 and doubtful[name.split()[0]]):
            wrong.append(f"{name} ran {now} times")
    return wrong


def _differs(found: str, wanted: str) -> str:
    gone = set(wanted.splitlines()) - set(found.splitlines())
    new = set(found.splitlines()) - set(wanted.splitlines())
    return f"missing {sorted(gone)[:3]}, new {sorted(new)[:3]}"


def _summary(cases: list[Case]) -> None:
    print(f"\n{'kind':24} {'cases':>5} {'whole':>6} {'unknown':>8} {'wrong':>6} {'resumes':>8}")
    for kind in sorted({case.kind for case in cases}):
        mine = [case for case in cases if case.kind == kind]
        wrong = sum(bool(case.wrong) for case in mine)
        unknown = sum(bool(case.unknown) and not case.wrong for case in mine)
        whole = len(mine) - wrong - unknown
        resumes = sum(case.resumes for case in mine) / len(mine)
        print(f"{kind:24} {len(mine):5} {whole:6} {unknown:8} {wrong:6} {resumes:8.1f}")


if __name__ == "__main__":
    sys.exit(main())
