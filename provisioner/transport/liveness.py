"""Noticing a host that fell silent: it is asked for a sign of life, and given up when none comes.

Paramiko only sends keepalives, it never misses an answer. TCP notices a dead peer where bytes wait to be acknowledged
and the socket is our own; a frozen sshd, a jump host or a proxy command in between look alive to it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import paramiko
from paramiko.common import cMSG_GLOBAL_REQUEST

MISSES = 3


class Pulse:
    """Counts intervals in which nothing was heard; after three in a row ``give_up`` is called, once.

    Whole intervals are counted, not time, so that a controller that was itself stopped for a while blames nobody.
    """

    def __init__(self, interval_s: float, give_up: Callable[[], None], clock: Callable[[], float]) -> None:
        self.interval_s = interval_s
        self.reason = ""
        self._give_up, self._clock = give_up, clock
        self._lock = threading.Lock()
        self._heard = self._seen = self._missed = 0
        self._wants_asking = False
        self._due = clock() + interval_s

    def hear(self) -> None:
        """Take note of bytes that came."""
        self._heard += 1

    def beat(self) -> None:
        """Look at the clock; whoever waits calls this now and then."""
        with self._lock:
            if not self.interval_s or self.reason or self._clock() < self._due:
                return
            self._due = self._clock() + self.interval_s
            self._missed = 0 if self._heard != self._seen else self._missed + 1
            self._seen = self._heard
            self._wants_asking = self._missed < MISSES
            if self._wants_asking:
                return
            self.reason = f"nothing was heard from it for {MISSES * self.interval_s:g} s, though it was asked"
        self._give_up()

    def take_asking(self) -> bool:
        """Tell, once an interval, whether the host is to be asked for a sign of life now."""
        self.beat()
        wanted, self._wants_asking = self._wants_asking, False
        return wanted


class HeardSocket:
    """A socket, or what Paramiko takes for one, whose silence is noticed. Paramiko reads it ten times a second."""

    def __init__(self, plug: Any, pulse: Pulse) -> None:
        self._plug, self._pulse = plug, pulse
        self._transport: paramiko.Transport | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plug, name)

    def watch(self, transport: paramiko.Transport) -> None:
        """Begin to ask over this transport."""
        self._transport = transport

    def recv(self, size: int) -> bytes:
        """Return bytes, or raise TimeoutError as the socket does."""
        try:
            data: bytes = self._plug.recv(size)
        except TimeoutError:
            if self._transport is not None and self._pulse.take_asking():
                _ask(self._transport)
            raise
        self._pulse.hear()
        return data


def _ask(transport: paramiko.Transport) -> None:
    """Send a request that every server answers, if only to say that it does not know it."""
    if not transport.is_authenticated() or not transport.clear_to_send.is_set():
        return
    message = paramiko.Message()
    message.add_byte(cMSG_GLOBAL_REQUEST)
    message.add_string("keepalive@openssh.com")
    message.add_boolean(True)
    transport._send_user_message(message)  # type: ignore[attr-defined]


def pulse_of(interval_s: float, give_up: Callable[[], None]) -> Pulse:
    """Return a pulse on the machine's clock."""
    return Pulse(interval_s, give_up, time.monotonic)
