"""The one place where the lab starts programs of this machine: argument lists, time limits, clear errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from provisioner.diagnostics.errors import ProvisionerError
from provisioner.records import dataclass

TAIL_LINES = 15


class LabError(ProvisionerError):
    """The lab could not do what was asked; the text says which step failed and shows what it printed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program left: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a text, indented, for an error message."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text)
    return "\n".join(f"    {line}" for line in [line for line in plain.splitlines() if line.strip()][-lines:])


class Commands:
    """Runs programs; tests put a recording stand-in in its place."""

    def __init__(self) -> None:
        self._kept: tuple[int, ...] = ()

    @contextmanager
    def keeping(self, lock: int) -> Iterator[None]:
        """Let every program run in here hold ``lock`` too: if we are killed, it stays held until the last one ends."""
        self._kept = (*self._kept, lock)
        try:
            yield
        finally:
            self._kept = tuple(kept for kept in self._kept if kept != lock)

    def has(self, program: str) -> bool:
        """Return whether ``program`` is on the search path."""
        return shutil.which(program) is not None

    def attempt(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run ``argv`` and return what came of it, whatever the exit code."""
        variables = {**os.environ, "LC_ALL": "C", **(environment or {})}
        return _outcome(argv, text, timeout_s, variables, self._kept)

    def run(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``argv`` and return its output; anything but exit code 0 is an error that shows the last lines."""
        outcome = self.attempt(argv, text=text, timeout_s=timeout_s, environment=environment)
        if not outcome.ok:
            raise LabError(f"'{' '.join(argv)}' ended with {outcome.code}\n{tail(outcome.out + outcome.err)}")
        return outcome.out

    def run_until(self, argv: Sequence[str], is_done: Callable[[], bool], limit_s: float = 3.0) -> None:
        """Run ``argv`` unless ``is_done``, again if need be: a killed process's last child may be at the same thing."""
        deadline = time.monotonic() + limit_s
        while not is_done():
            outcome = self.attempt(argv)
            if is_done():
                return
            if time.monotonic() > deadline:
                raise LabError(f"'{' '.join(argv)}' ended with {outcome.code}\n{tail(outcome.out + outcome.err)}")
            time.sleep(0.05)

    def launch(self, argv: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run ``argv``, which leaves a process in the background, and return its output; no lock goes with it."""
        outcome = _outcome(argv, None, 30, {**os.environ, "LC_ALL": "C", **environment}, ())
        if not outcome.ok:
            raise LabError(f"'{' '.join(argv)}' ended with {outcome.code}\n{tail(outcome.out + outcome.err)}")
        return outcome.out

    def attached(self, argv: Sequence[str]) -> int:
        """Run ``argv`` on our own terminal and return its exit code."""
        return subprocess.run(list(argv), check=False).returncode

    def run_contained(
        self,
        argv: Sequence[str],
        *,
        root: Path | None = None,
        timeout_s: float = 900,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``argv``, under ``root`` if given, so that its processes and mounts end with us, even when killed."""
        contained = [
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"),
            *((f"--root={root}",) if root else ()),
            "--",
        ]
        return self.run([*contained, *argv], timeout_s=timeout_s, environment=environment)


def _outcome(
    argv: Sequence[str], text: str | None, timeout_s: float, environment: Mapping[str, str], kept: tuple[int, ...]
) -> Outcome:
    try:
        done = subprocess.run(
            list(argv),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            env=environment,
            check=False,
            umask=0o022,
            pass_fds=kept,
        )
    except FileNotFoundError as error:
        return Outcome(127, "", f"{argv[0]}: {error.strerror}")
    except subprocess.TimeoutExpired as error:
        raise LabError(f"'{' '.join(argv)}' did not end within {timeout_s:g} s") from error
    return Outcome(done.returncode, done.stdout, done.stderr)


def put_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file of a host with exactly this mode, making readable folders for it, whatever our own umask is."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a whole file or nothing: a reader never sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(mode)
    beside.replace(path)
