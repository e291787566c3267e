"""A ProxyCommand as something like a socket: the command speaks over one end of a pair, Paramiko over the other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress

ENDING_S = 2.0
TAIL_BYTES = 2048


class ProxyCommand:
    """Runs the command in a session of its own, so that a Ctrl-C here does not reach it."""

    def __init__(self, command: str) -> None:
        self.socket, other = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the command, see close()
        with other:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                stdin=other.fileno(),
                stdout=other.fileno(),
                stderr=self._errors,
                start_new_session=True,
            )

    def said(self) -> str:
        """Return the end of what the command said on standard error."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), TAIL_BYTES, max(0, size - TAIL_BYTES)).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the command."""
        self.socket.close()
        for ending in (None, signal.SIGTERM, signal.SIGKILL):
            if ending is not None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, ending)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING_S if ending else 0.2)
                break
        self._errors.close()
