"""A pipe to a process of this machine; the local connection and the OpenSSH client are made of it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from .pipe import Stream, Tail

CHUNK = 256 * 1024
LAST_WORDS_S = 0.2


class ProcessPipe:
    """Runs ``argv`` in a session of its own, so that a Ctrl-C here does not reach it.

    ``close`` ends its input at once; the process then has ``grace_s`` to finish what it is doing before it is ended,
    so that none is left behind. That waiting is done by ``finish``.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: str | None = None,
        grace_s: float = 2.0,
    ) -> None:
        self.latency_s = 0.0
        self._grace_s = grace_s
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self._input_lock = threading.Lock()
        self._output_lock = threading.Lock()
        self._closed = False
        self._ended: set[Stream] = set()
        self._said = Tail()
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._descriptor("stdin"), False)
        self._selector.register(self._descriptor("stdout"), selectors.EVENT_READ, Stream.OUT)
        self._selector.register(self._descriptor("stderr"), selectors.EVENT_READ, Stream.ERR)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)

    @property
    def closed(self) -> bool:
        """Tell whether ``close`` was called."""
        return self._closed

    @property
    def finished(self) -> bool:
        """Tell whether the process is gone and everything of it released."""
        return self._wake_read < 0

    def receive(self, timeout_s: float | None = None) -> tuple[Stream, bytes]:
        """Return the next bytes of either stream; at the end of output, errors on their way are awaited a moment."""
        with self._output_lock:
            return self._receive(timeout_s)

    def _receive(self, timeout_s: float | None) -> tuple[Stream, bytes]:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._closed:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            last_words = Stream.OUT in self._ended
            ready = self._selector.select(LAST_WORDS_S if last_words else left)
            if last_words and not ready:
                break
            if not ready:
                raise TimeoutError
            key = max((key for key, _events in ready), key=lambda each: each.data is Stream.ERR)
            if key.data is None:
                break
            data = os.read(key.fd, CHUNK)
            if data:
                if key.data is Stream.ERR:
                    self._said.feed(data)
                return key.data, data
            self._selector.unregister(key.fd)
            self._ended.add(key.data)
            if len(self._ended) == 2:
                break
        return Stream.OUT, b""

    def write(self, data: bytes) -> None:
        """Write everything; a closed or dead process raises OSError."""
        view = memoryview(data)
        with self._input_lock, selectors.DefaultSelector() as selector:
            if self._closed or self._process.stdin is None or self._process.stdin.closed:
                raise BrokenPipeError("the pipe is closed")
            descriptor = self._descriptor("stdin")
            selector.register(descriptor, selectors.EVENT_WRITE)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while view:
                selector.select()
                if self._closed:
                    raise BrokenPipeError("the pipe was closed")
                with contextlib.suppress(BlockingIOError):
                    view = view[os.write(descriptor, view) :]

    def end_input(self) -> None:
        """Close the process's standard input."""
        with self._input_lock:
            if self._process.stdin is not None:
                self._process.stdin.close()

    def close(self) -> None:
        """End the input and wake whoever reads or writes here."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.write(self._wake_write, b"x")
        self.end_input()

    def finish(self) -> None:
        """Wait for the process after ``close``; end it, with all its children, when it does not end by itself."""
        self.close()
        if self.finished:
            return
        for ending in (None, signal.SIGTERM, signal.SIGKILL):
            if ending is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, ending)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace_s)
                break
        self._release()

    def exit_status(self, timeout_s: float) -> int | None:
        """Return how the process ended."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def said(self) -> str:
        """Return the end of what the process said on standard error."""
        return self._said.text()

    def reason(self) -> str:
        """A process has no more to tell than its standard error did."""
        return ""

    def _release(self) -> None:
        with self._lock, self._input_lock, self._output_lock:
            if self.finished:
                return
            self._selector.close()
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = -1

    def _descriptor(self, name: str) -> int:
        stream = getattr(self._process, name)
        descriptor: int = stream.fileno()
        return descriptor
