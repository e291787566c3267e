"""A file of testinfra tests on its way: the process that runs it, and the conversation with it.

Tests run in a process of their own and never touch a host: each command they want comes here as a frame and is answered
when it has run over the session that is open anyway.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import provisioner
from provisioner.verification.assertions import Assertion
from provisioner.verification.checking import Verdict

Frame = Mapping[str, Any]
SAID = 4000
"""How much of what a broken process said is shown."""

LEAVE_S, END_S = 0.2, 5.0


class SuiteFailed(Exception):
    """The tests could not be run; the text says what the process said."""


class Suite:
    """One run of pytest. ``next`` waits for a frame; a frame with ``run`` or ``variable`` wants an ``answer``."""

    def __init__(
        self, host: str, files: Sequence[Path], environment: Mapping[str, str], timeout_s: float, scratch: Path
    ) -> None:
        self.host, self.files, self.timeout_s = host, [path.resolve() for path in files], timeout_s
        self._errors: IO[bytes] = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - open as long as the process
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._stream = ours.makefile("rwb")
        ours.settimeout(timeout_s)
        command = [sys.executable, "-P", "-m", "provisioner.verification.testinfra_process", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                [*command, host, *map(str, self.files)],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=_environment(environment),
                cwd=self.files[0].parent,
                start_new_session=True,
            )

    def next(self) -> Frame:
        """Return the next frame; ``{"end": code}`` is the last one. SuiteFailed where the process broke off."""
        try:
            line = self._stream.readline()
        except TimeoutError:
            raise SuiteFailed(f"the tests did not end within {self.timeout_s:g} seconds") from None
        if not line:
            raise SuiteFailed(f"the process of the tests broke off: {self.said()}")
        frame: Frame = json.loads(line)
        return frame

    def answer(self, reply: Mapping[str, Any]) -> None:
        """Answer the frame that wants it."""
        try:
            self._stream.write(json.dumps(reply, default=str).encode("ascii") + b"\n")
            self._stream.flush()
        except OSError:
            raise SuiteFailed(f"the process of the tests broke off: {self.said()}") from None

    def close(self) -> None:
        """End the process, whatever it is doing; who waits for a frame is woken."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_S)
        with contextlib.suppress(OSError):
            self._stream.close()
        self._socket.close()
        self._errors.close()

    def said(self) -> str:
        """Return the end of what the process printed, once it has ended."""
        self._process.wait(END_S)
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace").strip()
        return text[-SAID:] or f"it ended with code {self._process.returncode}"


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the tests' environment: nobody's pytest settings or plugins, and this package where it can be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    package = str(Path(provisioner.__file__).resolve().parents[1])
    paths = [package, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, **more, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(paths)}


def verdict_of(frame: Frame) -> Verdict:
    """Return the verdict in a frame that tells of a test."""
    where = str(frame["where"]).removeprefix(f"{Path.cwd()}/")
    assertion = Assertion("", str(frame["expected"]), str(frame["actual"]), bool(frame["passed"]))
    return Verdict(str(frame["test"]), where, (assertion,), float(frame["seconds"]))
