"""What the executor needs from outside, as interfaces; app puts the real ones in, tests their fakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from provisioner.model.call import Reply, Request
from provisioner.model.event import Event
from provisioner.model.target import Become, Target


class WorkerSession(Protocol):
    """One worker on a host as one user; submitting returns at once, ``done`` comes later from another thread."""

    def submit(
        self, request: Request, done: Callable[[Reply], None], output: Callable[[str, str], None] | None = None
    ) -> None:
        """Queue a request."""

    def break_chain(self, chain: str, link: str) -> None:
        """Have what waits of a chain answered as dropped, but for one link."""


class Sessions(Protocol):
    """All sessions of a run."""

    def session(self, target: Target, become: Become | None = None) -> WorkerSession:
        """Return the session of a target and user."""

    def raw(
        self, target: Target, become: Become | None, command: str, done: Callable[[Reply], None], *, stdin: bytes = b""
    ) -> None:
        """Run a command line without Python."""

    def reset(self, host: str, user: str = "") -> None:
        """Close what is open to a host; with ``user`` only the sessions of that become user with nothing to do."""


class EventSink(Protocol):
    """Whoever wants to know what happens; called from the executor's thread only."""

    def handle(self, event: Event) -> None:
        """Take one event."""


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""


class Prompt(Protocol):
    """The person at the terminal."""

    def ask(self, text: str, *, echo: bool, timeout_s: float) -> str:
        """Return what was typed; empty after a timeout or where nobody is there."""

    def pause(self, text: str, *, echo: bool) -> str | None:
        """Return what was typed to go on; None where the person wants to abort instead."""

    def goes_on(self) -> bool:
        """Ask whether a pause that was interrupted goes on or is aborted."""

    def confirm_step(self, title: str, host: str) -> bool:
        """Ask whether a task shall run (``--step``)."""
