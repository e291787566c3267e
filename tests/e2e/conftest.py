"""The command line as a user starts it, on lab hosts, with a state folder of its own."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provisioner.journal.replay import replay
from provisioner.lab.lab import Lab
from provisioner.model.event import Event

TOP = Path(__file__).parents[2]
ENTRY = "from provisioner.cli.main import entry; entry()"
PATIENCE_S = 120


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Return all it printed."""
        return self.out + self.err


def _hears_ctrl_c() -> None:
    """Undo what a shell does to its background jobs: a run that was started with SIGINT ignored ignores it, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Cli:
    """Starts ``provisioner``; everything it starts is gone when the test ends."""

    folder: Path
    inventory: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """Return the state folder."""
        return self.folder / "state"

    def start(self, *words: str, variables: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a process group of its own and leave it running."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_"))}
        environment = {**kept, "PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(self.state), "NO_COLOR": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *words],
            env={**environment, **(variables or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_hears_ctrl_c,  # noqa: PLW1509 nothing that forks here has threads
        )
        self.started.append(process)
        return process

    def call(self, *words: str, variables: dict[str, str] | None = None) -> Done:
        """Run a command to its end."""
        return self.end(self.start(*words, variables=variables))

    def until(self, process: subprocess.Popen[str], condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait until ``condition`` holds; fail with all it printed where the started command ends before that."""

        def held_or_over() -> bool:
            over = process.poll() is not None
            held = bool(condition())
            if over and not held:
                done = self.end(process)
                pytest.fail(f"ended with {done.code} before it was to happen:\n{done.text}")
            return held

        eventually(held_or_over, seconds)

    def end(self, process: subprocess.Popen[str]) -> Done:
        """Wait for the end of a started command."""
        began = time.monotonic()
        out, err = process.communicate(timeout=PATIENCE_S)
        return Done(process.returncode, out, err, time.monotonic() - began)

    def run(self, playbook: str | Path, *words: str) -> Done:
        """Run a playbook; text is written to a file first."""
        return self.call("run", str(self.playbook(playbook)), "-i", self.inventory, *words)

    def start_run(self, playbook: str | Path, *words: str) -> subprocess.Popen[str]:
        """Start a run and leave it running."""
        return self.start("run", str(self.playbook(playbook)), "-i", self.inventory, *words)

    def playbook(self, text: str | Path) -> Path:
        """Return the path of a playbook; a text becomes the file ``play.yml``."""
        return text if isinstance(text, Path) else self.write("play.yml", text)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the test's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def journals(self) -> list[Path]:
        """Return the journals of all runs so far, oldest first."""
        return sorted((self.state / "runs").glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime_ns)

    def events(self) -> list[Event]:
        """Return the events of the last run."""
        return list(replay(self.journals()[-1]))

    def stop(self) -> None:
        """Kill what still runs, and close the pipes of what has ended unheard."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            if process.stdout and not process.stdout.closed:
                process.communicate()


@pytest.fixture
def cli(lab: Lab, tmp_path: Path) -> Iterator[Cli]:
    """The command line with the lab's inventory."""
    made = Cli(tmp_path, str(lab.inventory_path))
    yield made
    made.stop()


@pytest.fixture
def on(lab: Lab) -> Callable[..., str]:
    """Return a function that runs a shell command on a lab host, not by our own transport, and returns its output."""

    def run(host: str, command: str) -> str:
        words = [*lab.ssh_command(lab.host(host)), command]
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=90).stdout

    return run


@pytest.fixture
def healed(lab: Lab) -> Iterator[None]:
    """Plug all cables in again after the test."""
    yield
    for host in lab.hosts:
        lab.heal(host.name)


def eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until ``condition`` holds; fail the test where it never does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"did not happen within {seconds:.0f} s")
        time.sleep(0.05)


def quoted(text: str) -> str:
    """Return ``text`` as one word of a shell."""
    return shlex.quote(text)
