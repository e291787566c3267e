"""The only things the protocol needs of a connection: a pipe to a started command, and how to get one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

TAIL_BYTES = 4096


class Stream(Enum):
    """Which of a command's streams bytes came from."""

    OUT = "stdout"
    ERR = "stderr"


class Pipe(Protocol):
    """A started command. One thread may receive while another writes; ``close`` wakes both."""

    latency_s: float

    def receive(self, timeout_s: float | None = None) -> tuple[Stream, bytes]:
        """Return the next bytes; ``(OUT, b"")`` at the end. TimeoutError after ``timeout_s`` of silence."""

    def write(self, data: bytes) -> None:
        """Write everything, or raise OSError when the other side is gone."""

    def end_input(self) -> None:
        """Tell the command that no more input comes."""

    def close(self) -> None:
        """End the contact; the command sees the end of its input. Safe to call from any thread, any number of times."""

    def finish(self) -> None:
        """Close, and wait (bounded) until nothing of the command is left on this machine."""

    def exit_status(self, timeout_s: float) -> int | None:
        """Return how the command ended, waiting a moment; None where that is not known. A signal is ``-number``."""

    def reason(self) -> str:
        """Return why the contact ended, where the connection knows more than that it did; else an empty text."""


class Connection(Protocol):
    """One way to a host, as a module of ``connections/`` gives it: ``Connection(target, notice)``."""

    @property
    def alive(self) -> bool:
        """Tell whether pipes can still be opened."""

    @property
    def open_pipes(self) -> int:
        """Return how many pipes are in use."""

    def open(self) -> None:
        """Connect and log in, or raise Unreachable with a text that names the way out."""

    def start(self, command: str, *, terminal: bool = False) -> Pipe:
        """Start ``command`` through the login user's shell; ``terminal`` asks for a pseudo-terminal."""

    def abort(self) -> None:
        """Cut everything off at once from any thread, also a login under way."""

    def close(self) -> None:
        """Close the pipes and the connection."""


class Tail:
    """Keeps the end of what a command said on standard error."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Add bytes, forgetting the oldest."""
        self._data = (self._data + data)[-TAIL_BYTES:]

    def text(self) -> str:
        """Return the end as text without blank edges."""
        return self._data.decode("utf-8", "replace").replace("\r\n", "\n").strip()


class Inbound:
    """A pipe's standard output as a readable stream; standard error goes to ``errors`` on the way."""

    def __init__(self, pipe: Pipe, errors: Callable[[bytes], None]) -> None:
        self._pipe, self._errors = pipe, errors
        self._data, self._at = b"", 0
        self.timeout_s: float | None = None

    def push_back(self, data: bytes) -> None:
        """Put bytes back in front of what comes next."""
        self._data, self._at = data + self._data[self._at :], 0

    def read(self, size: int) -> bytes:
        """Return at least one and at most ``size`` bytes, or nothing at the end."""
        while self._at >= len(self._data):
            stream, data = self._pipe.receive(self.timeout_s)
            if stream is Stream.ERR:
                self._errors(data)
                continue
            if not data:
                return b""
            self._data, self._at = data, 0
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        return part
