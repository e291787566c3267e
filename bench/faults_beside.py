"""Breaks the same run under provisioner and under ansible-core at the same place, and tells who knows what afterwards.

    faults_beside.py [--lab NAME] [--rounds 3] [--only KIND ...]

Both run the same playbook on a clean lab host: a file that notifies a handler, a counting command, a second counting
command, a last file. When the second command is in its middle something breaks. Then each goes on by its own means:
``provisioner resume`` (and ``--unknown again`` where it says that an outcome is not known), ``ansible-playbook`` once
more. Counted are commands that were done and then done again without a word, and handlers that never ran. ansible-core
is looked for in PROVISIONER_ORACLE, a folder with its programs; without it only our side is shown.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP)]  # as a script this folder is on the path, the tree is not

from provisioner.lab.lab import Lab  # noqa: E402

HOST = "h1"
PLACE = "/srv/beside"
END_S = 150.0
TRIES = 4
ENTRY = "from provisioner.cli.main import entry; entry()"
SSH_ARGS = "-o ServerAliveInterval=1 -o ServerAliveCountMax=3"
PLAYBOOK = f"""
- hosts: {HOST}
  gather_facts: false
  tasks:
    - {{name: settings, copy: {{content: new, dest: {PLACE}/settings}}, notify: restart}}
    - {{name: first, shell: echo one >> {PLACE}/count.first}}
    - {{name: second, shell: echo one >> {PLACE}/count.second && sleep 3}}
    - {{name: last, copy: {{content: done, dest: {PLACE}/last}}}}
  handlers:
    - {{name: restart, shell: echo one >> {PLACE}/count.restart}}
"""
COUNTERS = ("first", "second", "restart")
Act = Callable[[Lab, "subprocess.Popen[str]"], None]


@dataclass
class Outcome:
    """What one tool made of one break.

    ``codes`` are the exit codes of its runs, ``told`` is what it said of the command under way when the run had broken.
    """

    codes: list[int] = field(default_factory=list)
    told: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    is_complete: bool = False

    @property
    def verdict(self) -> str:
        """Return what was not as it should be, in words."""
        said = [
            f"{name} was done {number} times" + ("" if self.was_told_unknown(name) else ", without a word")
            for name, number in self.counts.items()
            if number > 1
        ]
        said += [f"{name} never ran" for name, number in self.counts.items() if not number]
        return "; ".join(said) or ("each once" if self.is_complete else "not complete")

    def was_told_unknown(self, name: str) -> bool:
        """Tell whether the tool had said that nobody knows whether this command was done."""
        return name == "second" and self.told == "outcome not known"


def kill_controller(_lab: Lab, process: subprocess.Popen[str]) -> None:
    """Kill -9 the controller with its children."""
    os.killpg(process.pid, signal.SIGKILL)


def interrupt(_lab: Lab, process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C once."""
    os.killpg(process.pid, signal.SIGINT)


def cut(lab: Lab, _process: subprocess.Popen[str]) -> None:
    """Cut the link for ten seconds."""
    lab.cut(HOST)
    time.sleep(10)
    lab.heal(HOST)


def reboot(lab: Lab, _process: subprocess.Popen[str]) -> None:
    """Take the host's power away and give it back."""
    on(lab, "nohup systemctl reboot --force --force >/dev/null 2>&1 & true")
    deadline = time.monotonic() + 20
    while lab.is_running(lab.host(HOST)) and time.monotonic() < deadline:
        time.sleep(0.1)
    lab.up([HOST])


KINDS: dict[str, Act] = {
    "controller killed": kill_controller,
    "Ctrl-C": interrupt,
    "link cut for 10 s": cut,
    "host rebooted": reboot,
}


def on(lab: Lab, command: str) -> str:
    """Run a command on the host; nothing where it cannot be reached."""
    words = [*lab.ssh_command(lab.host(HOST)), command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout


class Tool:
    """One of the two, as a user starts it."""

    name = ""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_STATE"))}
        return subprocess.Popen(
            words, env={**kept, **variables}, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def first(self) -> subprocess.Popen[str]:
        """Run the playbook."""
        raise NotImplementedError

    def again(self, told: str) -> subprocess.Popen[str]:
        """Go on after a run that broke."""
        raise NotImplementedError

    def told(self, text: str) -> str:
        """Return what a run's output says of the second command."""
        raise NotImplementedError


class Ours(Tool):
    """provisioner."""

    name = "provisioner"

    def _command(self, *words: str) -> subprocess.Popen[str]:
        state = str(self.folder / "state")
        return self.start(
            sys.executable, "-c", ENTRY, *words, PYTHONPATH=str(TOP), PROVISIONER_STATE_DIR=state, NO_COLOR="1"
        )

    def first(self) -> subprocess.Popen[str]:
        """Run the playbook."""
        inventory = str(self.lab.inventory_path)
        return self._command("run", "site.yml", "-i", inventory, "--ssh-extra-args", SSH_ARGS)

    def again(self, told: str) -> subprocess.Popen[str]:
        """Resume; what nobody knows is done again once that was said."""
        return self._command("resume", *(("--unknown", "again") if told == "outcome not known" else ()))

    def told(self, text: str) -> str:
        """Return what a run's output says of the second command."""
        if re.search(r"lost +h1 +second|not known", text):
            return "outcome not known"
        found = re.search(r"^ *(changed|FAILED|unreachable) +h1 +second", text, re.MULTILINE | re.IGNORECASE)
        return found[1].lower() if found else "nothing"


class Theirs(Tool):
    """ansible-core."""

    name = "ansible-core"

    def first(self) -> subprocess.Popen[str]:
        """Run the playbook."""
        program = Path(os.environ["PROVISIONER_ORACLE"]) / "ansible-playbook"
        return self.start(
            str(program), "-i", str(self.lab.inventory_path), "site.yml", ANSIBLE_NOCOLOR="1", ANSIBLE_PIPELINING="1",
            ANSIBLE_SSH_EXTRA_ARGS=SSH_ARGS,
        )  # fmt: skip

    def again(self, told: str) -> subprocess.Popen[str]:
        """Run it once more: there is nothing else."""
        del told
        return self.first()

    def told(self, text: str) -> str:
        """Return what a run's output says of the second command."""
        _, found, after = text.partition("TASK [second]")
        said = re.search(r"^(changed|fatal|ok): \[h1\].*?(UNREACHABLE|FAILED)?!?", after, re.MULTILINE)
        if not found or said is None:
            return "nothing"
        return "unreachable" if "UNREACHABLE" in after else "failed" if said[1] == "fatal" else said[1]


def case(tool: Tool, act: Act) -> Outcome:
    """Break one run of a tool, let it go on, and look what is on the host."""
    outcome = Outcome()
    on(tool.lab, f"rm -rf {PLACE} ~/.provisioner; mkdir {PLACE}")
    process = tool.first()
    deadline = time.monotonic() + 60
    while "second" not in on(tool.lab, f"ls {PLACE}") and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    act(tool.lab, process)
    text, _ = process.communicate(timeout=END_S)
    outcome.codes.append(process.returncode)
    outcome.told = tool.told(text)
    while outcome.codes[-1] != 0 and len(outcome.codes) < TRIES:
        process = tool.again(outcome.told)
        text, _ = process.communicate(timeout=END_S)
        outcome.codes.append(process.returncode)
        if outcome.told == "nothing":
            outcome.told = tool.told(text) if tool.told(text) == "outcome not known" else "nothing"
    for name in COUNTERS:
        outcome.counts[name] = len(on(tool.lab, f"cat {PLACE}/count.{name} 2>/dev/null").splitlines())
    outcome.is_complete = on(tool.lab, f"cat {PLACE}/last 2>/dev/null") == "done"
    return outcome


def main() -> int:
    """Run the cases and print the table; the exit code is the number of ours in which something was done unsaid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", default="beside")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=sorted(KINDS))
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, by what we start, too
    tools: list[type[Tool]] = [Ours, *([Theirs] if os.environ.get("PROVISIONER_ORACLE") else [])]
    lab, wrong = Lab(options.lab, say=print), 0
    print("| case | tool | exit codes | of the command under way it says | afterwards |\n|---|---|---|---|---|")
    try:
        lab.up([HOST])
        for kind, act in ((kind, act) for kind, act in KINDS.items() if kind in (options.only or KINDS)):
            for tool in tools * options.rounds:
                with tempfile.TemporaryDirectory(prefix="beside-") as scratch:
                    folder = Path(scratch)
                    (folder / "site.yml").write_text(PLAYBOOK, encoding="utf-8")
                    found = case(tool(lab, folder), act)
                codes = ", ".join(map(str, found.codes))
                print(f"| {kind} | {tool.name} | {codes} | {found.told} | {found.verdict} |", flush=True)
                wrong += tool is Ours and ("without a word" in found.verdict or "never ran" in found.verdict)
    finally:
        lab.down()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
