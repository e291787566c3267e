"""A pipe to a command over a Paramiko channel."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import paramiko

from .liveness import Pulse
from .pipe import Stream

CHUNK = 256 * 1024


class _Bell(threading.Event):
    """What Paramiko rings when bytes arrive on either stream; one listener, nothing is ever forgotten."""

    def clear(self) -> None:
        """Paramiko read a buffer empty, but the other buffer may not be: only the listener clears."""

    def await_ring(self, timeout_s: float | None) -> None:
        """Wait for the next ring."""
        self.wait(timeout_s)
        super().clear()


@contextmanager
def _broken_link() -> Iterator[None]:
    """Let what Paramiko raises where the connection is gone be an OSError, as it is of any other pipe."""
    try:
        yield
    except (EOFError, paramiko.SSHException) as error:
        raise ConnectionError(str(error) or "the connection is gone") from error


class ChannelPipe:
    """Reads both streams of a channel by one thread, without a thread or descriptor of its own."""

    def __init__(
        self, channel: paramiko.Channel, transport: paramiko.Transport, latency_s: float, pulse: Pulse | None = None
    ) -> None:
        self._channel, self._transport, self._pulse = channel, transport, pulse
        self.latency_s = latency_s
        self._bell = _Bell()
        channel.in_buffer.set_event(self._bell)
        channel.in_stderr_buffer.set_event(self._bell)

    @property
    def closed(self) -> bool:
        """Tell whether the channel is of no more use."""
        return bool(self._channel.closed)

    def receive(self, timeout_s: float | None = None) -> tuple[Stream, bytes]:
        """Return the next bytes of either stream."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._channel.recv_stderr_ready():
                return Stream.ERR, self._channel.recv_stderr(CHUNK)
            if self._channel.recv_ready():
                return Stream.OUT, self._channel.recv(CHUNK)
            if self._channel.closed or self._channel.eof_received:
                if self._channel.recv_ready() or self._channel.recv_stderr_ready():
                    continue
                return Stream.OUT, b""
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._await_bytes(left)

    def _await_bytes(self, left: float | None) -> None:
        """Wait for the bell; the pulse is felt here too, as Paramiko's own thread may be stuck in a write."""
        if self._pulse is None or not self._pulse.interval_s:
            self._bell.await_ring(left)
            return
        interval_s = self._pulse.interval_s
        self._bell.await_ring(interval_s if left is None else min(left, interval_s))
        self._pulse.beat()

    def write(self, data: bytes) -> None:
        """Write everything; blocks while the host does not read. OSError where the connection is gone."""
        with _broken_link():
            self._channel.sendall(data)

    def end_input(self) -> None:
        """Send the end of input."""
        with _broken_link():
            self._channel.shutdown_write()

    def close(self) -> None:
        """Close the channel; the command sees the end of its input. With the connection gone it is closed already."""
        with suppress(OSError), _broken_link():
            self._channel.close()
        self._bell.set()

    def finish(self) -> None:
        """Close; nothing of the command is on this machine."""
        self.close()

    def exit_status(self, timeout_s: float) -> int | None:
        """Return how the command ended; None also where a signal ended it."""
        if not self._channel.status_event.wait(timeout_s):
            return None
        status = int(self._channel.exit_status)
        return None if status < 0 else status

    def reason(self) -> str:
        """Say so when not the command but the whole connection ended."""
        if self._pulse is not None and self._pulse.reason:
            return self._pulse.reason
        if self._transport.is_active():
            return ""
        cause = self._transport.saved_exception
        return f"the connection broke ({cause})" if cause is not None else "the connection broke"
