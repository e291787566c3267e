"""A session: one worker, its queue, and the two threads that own its pipe."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from functools import partial

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target
from provisioner.remote import protocol

from .become import Elevation
from .bootstrap import Facts, Started, Starter
from .bundle import ModuleSources
from .failures import masked, where
from .incoming import reply_of
from .links import Limits, Link
from .outgoing import Breaking, Done, Frames, Outgoing, Output
from .pipe import Pipe
from .ssh_options import keepalive


class WorkerSession:
    """One worker on a host as one user.

    The owner thread connects, starts the worker and writes; the reader thread reads and calls ``done``. After a failure
    the owner answers what was written with Lost and the rest with Unreachable, until ``reset``.
    """

    def __init__(
        self, target: Target, become: Become | None, link: Link, sources: ModuleSources, limits: Limits
    ) -> None:
        self.target, self.become = target, become
        self.facts: Facts | None = None
        self._link, self._sources, self._limits = link, sources, limits
        self._ids = itertools.count(1)
        self._ping_s = keepalive(target)
        self._wake = threading.Condition()
        self._outbox: deque[Outgoing | Breaking] = deque()
        self._written: dict[int, Outgoing] = {}
        self._wanted = True
        self._closing = self._resetting = self._serving = False
        self._broken: str | None = None
        self._error: TargetError | None = None
        self._pipe: Pipe | None = None
        name = f"{target.host}/{become.user if become else '-'}"
        self._owner = threading.Thread(target=self._own, name=f"owner {name}", daemon=True)
        self._reader_name = f"reader {name}"
        self._owner.start()

    def submit(self, request: Request, done: Done, output: Output | None = None) -> None:
        """Queue a request; ``done`` is called once, from a thread of this session, in the order of submission.

        ``done`` and ``output`` must return soon and not raise.
        """
        self._sources.warm(request.module)
        with self._wake:
            if not self._closing:
                self._outbox.append(Outgoing(next(self._ids), request, done, output))
                self._wake.notify_all()
                return
        done(Reply(error=Unreachable(f"{where(self.target)}: the run is over")))

    def break_chain(self, chain: str, link: str) -> None:
        """Have the requests of ``chain`` that were not begun answered as dropped, but for those of ``link``."""
        with self._wake:
            self._outbox.append(Breaking(chain, link))
            self._wake.notify_all()

    def reset(self, link: Link) -> None:
        """End the worker; the next request starts another over ``link``. Requests not yet written are kept for it."""
        with self._wake:
            self._link = link
            self._resetting, self._error = True, None
            pipe = self._pipe
            self._wake.notify_all()
        if pipe is not None:
            pipe.close()

    def shut(self) -> None:
        """Begin to end: nothing more is accepted or written, a worker that is up is told to go. Returns at once."""
        with self._wake:
            self._closing = True
            starting = None if self._serving else self._pipe
            self._wake.notify_all()
        if starting is not None:
            starting.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end after ``shut``; tell whether it was reached."""
        self._owner.join(timeout_s)
        return not self._owner.is_alive()

    def cut(self) -> None:
        """Drop the pipe, whatever is under way."""
        pipe = self._pipe
        if pipe is not None:
            pipe.close()

    def _own(self) -> None:
        while self._await_work():
            if self._error is not None:
                self._refuse(self._error)
                continue
            try:
                started = self._start()
            except TargetError as error:
                self._failed(error)
                continue
            self._serve(started)
        self._refuse(Unreachable(f"{where(self.target)}: the run is over"))

    def _await_work(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._wanted or self._outbox)
            self._wanted = self._resetting = False
            self._broken = None
            return not self._closing

    def _start(self) -> Started:
        starter = Starter(self.target, self.become, self._sources.blob(), self._limits.start_s)
        return starter.start(self._open)

    def _open(self, elevation: Elevation) -> Pipe:
        pipe = self._link.start(elevation.command, terminal=elevation.terminal)
        self._pipe = pipe
        if self._closing or self._resetting:
            pipe.close()
        return pipe

    def _serve(self, started: Started) -> None:
        self.facts, self._serving = started.facts, True
        reader = threading.Thread(target=self._read, args=(started,), name=self._reader_name, daemon=True)
        reader.start()
        frames = Frames(self._sources, started.pipe.write)
        try:
            self._write(frames)
        finally:
            started.pipe.finish()
            reader.join()
            self._pipe, self._serving = None, False
        self._settle(started)

    def _write(self, frames: Frames) -> None:
        """Write what is queued until the contact ends or is to end, and a sign of life when there is nothing to say."""
        if self._ping_s:
            self._send(partial(frames.send_ping, self._ping_s))
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._outbox or self._ending, self._ping_s or None)
                if self._ending:
                    break
                batch = list(self._outbox)
                self._outbox.clear()
                self._written.update((item.id, item) for item in batch if isinstance(item, Outgoing))
            self._send(partial(frames.send, batch) if batch else partial(frames.send_ping, self._ping_s))
        if self._closing and not self._broken:
            self._send(frames.send_close)

    @property
    def _ending(self) -> bool:
        return self._closing or self._resetting or self._broken is not None

    def _send(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._break(f"writing failed: {error}")

    def _read(self, started: Started) -> None:
        reason = "the connection was closed"
        try:
            while True:
                frame = protocol.read_head(started.inbound)
                if frame is None:
                    break
                self._take(started, *frame)
        except (protocol.Broken, OSError) as error:
            reason = f"{error}"
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = f"the host sent what no worker of ours sends ({type(error).__name__}: {error})"
        finally:
            self._break(reason)

    def _take(self, started: Started, kind: int, head: dict[str, object], size: int) -> None:
        number = head["id"]
        if not isinstance(number, int):
            raise protocol.Broken("a frame without a request's number")
        item = self._written[number]
        if kind == protocol.OUTPUT and item.output is not None:
            item.output(str(head["stream"]), str(head["text"]))
        elif kind == protocol.RESULT:
            reply = reply_of(head, size, started.inbound, item.request.reply_path)
            del self._written[number]
            item.done(reply)

    def _break(self, reason: str) -> None:
        with self._wake:
            if self._broken is None:
                self._broken = reason
            self._wake.notify_all()

    def _settle(self, started: Started) -> None:
        """Answer everything that will not be answered by this worker any more."""
        written, self._written = self._written, {}
        text = self._farewell(started)
        for item in written.values():
            item.done(Reply(error=Lost(f"{text}; whether it was done is not known")))
        if not self._resetting and not self._closing:
            hint = "    hint: meta: reset_connection connects again"
            self._failed(Unreachable(f"{text}\n{hint}"))

    def _farewell(self, started: Started) -> str:
        known = started.pipe.reason()
        status = started.pipe.exit_status(0.5)
        reason = known or self._broken or "the session was closed"
        if status is not None and not known:
            reason = (
                f"the worker ended by signal {_signal(status)}" if _signal(status) else f"the worker ended ({status})"
            )
        said = masked(started.errors.text(), self.target, self.become)
        heard = "".join(f"\n    it said: {line}" for line in said.splitlines()[-6:])
        return f"{where(self.target)}: contact was lost: {reason}{heard}"

    def _failed(self, error: TargetError) -> None:
        with self._wake:
            if self._closing:
                return
            if self._resetting:
                self._wanted = bool(self._outbox)
                return
            self._error = error
        self._refuse(error)

    def _refuse(self, error: TargetError) -> None:
        with self._wake:
            items = [item for item in self._outbox if isinstance(item, Outgoing)]
            self._outbox.clear()
        for item in items:
            item.done(Reply(error=error))


def _signal(status: int) -> int:
    """Return the signal's number in an exit status, as processes or shells tell it; 0 where there is none."""
    if status < 0:
        return -status
    return status - 128 if 128 < status <= 128 + 64 else 0
