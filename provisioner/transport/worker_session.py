"""A session: one worker, its queue, and the two threads that own its pipe."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target
from provisioner.remote import protocol

from .become import Elevation
from .bootstrap import Facts, Started, Starter
from .bundle import ModuleSources
from .failures import NoInterpreter, masked, where
from .identity import held_by
from .incoming import reply_of
from .links import Limits, Link
from .outgoing import Breaking, Done, Frames, Outgoing, Output
from .pipe import Pipe
from .recovery import Recovery
from .ssh_words import keepalive


class WorkerSession:
    """One worker on a host as one user.

    The owner thread connects, starts the worker and writes; the reader thread reads and calls ``done``. After a failure
    it seeks contact again where it has a ``recovery``; without one, or in vain, the owner answers what was written with
    Lost and the rest with Unreachable, until ``reset``.
    """

    def __init__(
        self,
        target: Target,
        become: Become | None,
        link: Link,
        sources: ModuleSources,
        limits: Limits,
        recovery: Recovery | None = None,
    ) -> None:
        self._recovery = recovery
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
        self._is_odd = self._keeps_records = False
        self._broken: str | None = None
        self._error: TargetError | None = None
        self._refusal: Unreachable | None = None
        self._pipe: Pipe | None = None
        name = f"{target.host}/{become.user if become else '-'}"
        self._owner = threading.Thread(target=self._own, name=f"owner {name}", daemon=True)
        self._reader_name = f"reader {name}"
        self._owner.start()

    def submit(self, request: Request, done: Done, output: Output | None = None) -> None:
        """Queue a request; ``done`` is called once, from a thread of this session, in the order of submission.

        ``done`` and ``output`` must return soon and not raise.
        """
        self._sources.warm(request)
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

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing was asked that is not answered."""
        with self._wake:
            return not self._outbox and not self._written

    def reset(self, link: Link) -> None:
        """End the worker; the next request starts another over ``link``. Requests not yet written are kept for it."""
        with self._wake:
            self._link = link
            self._resetting, self._error = True, None
            pipe = self._pipe
            was_out = [item for item in self._outbox if isinstance(item, Outgoing) and item.losses]
            self._outbox = deque(item for item in self._outbox if item not in was_out)
            if self._recovery is not None:
                self._recovery.give_up()
            self._wake.notify_all()
        if pipe is not None:
            pipe.close()
        for item in was_out:
            item.done(Reply(error=Lost(f"{where(self.target)}: contact was lost; whether it was done is not known")))

    def shut(self, *, keeps_records: bool = False) -> None:
        """Begin to end: nothing more is accepted or written, a worker that is up is told to go. Returns at once."""
        with self._wake:
            self._closing = True
            self._keeps_records = keeps_records
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
        try:
            self._work()
        except BaseException:
            self._abandon()  # a defect: nobody shall wait for an answer that never comes
            raise

    def _work(self) -> None:
        while self._await_work():
            if self._error is not None:
                self._refuse(self._error)
                continue
            try:
                started = self._start()
            except TargetError as error:
                if isinstance(error, NoInterpreter) or not self._seeks_on():  # waiting brings no Python
                    self._failed(error)
                continue
            self._serve(started)
        self._refuse(Unreachable(f"{where(self.target)}: the run is over"))

    def _abandon(self) -> None:
        """Answer everybody, now and from now on."""
        with self._wake:
            self._closing = True
            written, self._written = list(self._written.values()), {}
        text = f"{where(self.target)}: the session ended by a defect"
        for item in written:
            item.done(Reply(error=Lost(f"{text}; whether it was done is not known")))
        self._refuse(Unreachable(text))

    def _await_work(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._wanted or self._outbox)
            self._wanted = self._resetting = False
            self._broken = None
            return not self._closing

    def _seeks_on(self) -> bool:
        """After a try that failed: wait, and return whether to try once more to find lost contact again."""
        wait_s = self._recovery.next_wait() if self._recovery is not None else None
        if self._recovery is None or wait_s is None or self._resetting:
            return False
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._resetting, wait_s)
            if self._closing or self._resetting:
                return True  # the loop sees to either
        self._link = self._recovery.fresh(self._link)
        return True

    def _start(self) -> Started:
        starter = Starter(self.target, self.become, self._sources.start, self._limits.start_s)
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
        if self._recovery is not None:
            self._send(partial(self._recovery.introduce, frames))
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._outbox or self._ending, self._ping_s or None)
                if self._ending:
                    break
                batch = list(self._outbox)
                self._outbox.clear()
                self._written.update((item.id, item) for item in batch if isinstance(item, Outgoing))
                if self._recovery is not None:
                    for item in batch:
                        if isinstance(item, Breaking):
                            self._recovery.note_break(item)
            self._send(partial(frames.send, batch) if batch else partial(frames.send_ping, self._ping_s))
        if self._closing and not self._broken:
            self._send(partial(frames.send_close, keeps_records=self._keeps_records))

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
            self._is_odd = True
        finally:
            self._break(reason)

    def _take(self, started: Started, kind: int, head: dict[str, object], size: int) -> None:
        if kind == protocol.REFUSED:
            self._refusal = _refused(self.target, head)
            raise protocol.Broken("another run has the host")
        number = head["id"]
        if not isinstance(number, int):
            raise protocol.Broken("a frame without a request's number")
        item = self._written[number]
        if kind == protocol.OUTPUT:
            item.heard += 1
        if kind == protocol.OUTPUT and item.output is not None:
            item.output(str(head["stream"]), str(head["text"]))
        elif kind == protocol.RESULT:
            reply = reply_of(head, size, started.inbound, item.request.reply_path)
            reply = replace(reply, interpreter=started.facts.executable)
            if isinstance(reply.error, Lost):
                text = f"{where(self.target)}: {reply.error}; whether it was done is not known"
                reply = replace(reply, error=Lost(text))
            del self._written[number]
            if self._recovery is not None:
                self._recovery.note_reply(item.request, reply)
            item.done(reply)

    def _break(self, reason: str) -> None:
        with self._wake:
            if self._broken is None:
                self._broken = reason
            self._wake.notify_all()

    def _settle(self, started: Started) -> None:
        """Answer everything that will not be answered by this worker any more."""
        written, self._written = list(self._written.values()), {}
        if self._refusal is not None:
            for item in written:
                item.done(Reply(error=self._refusal))
            self._failed(self._refusal)
            return
        text = self._farewell(started)
        if self._sends_again(written, text):
            return
        for item in written:
            item.done(Reply(error=Lost(f"{text}; whether it was done is not known")))
        if not self._resetting and not self._closing:
            hint = "    hint: meta: reset_connection connects again"
            self._failed(Unreachable(f"{text}\n{hint}"))

    def _sends_again(self, written: list[Outgoing], text: str) -> bool:
        """Put what was not answered before what was not sent, where contact is to be sought; tell whether it is."""
        if self._recovery is None or self._resetting or self._closing or self._is_odd:
            return False
        if not self._recovery.may_send_again(written, text.splitlines()[0]):
            return False
        with self._wake:
            self._outbox.extendleft(reversed(written))
        try:
            self._link = self._recovery.fresh(self._link)
        except Unreachable:
            return True  # the run is over; the loop sees to it
        return True

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
        if self._recovery is not None:
            self._recovery.give_up()
        self._refuse(error)

    def _refuse(self, error: TargetError) -> None:
        with self._wake:
            items = [item for item in self._outbox if isinstance(item, Outgoing)]
            self._outbox.clear()
        for item in items:
            was_out = item.losses and self._recovery is not None
            text = self._recovery.too_late(error) if was_out and self._recovery is not None else ""
            item.done(Reply(error=Lost(f"{text}; whether it was done is not known") if was_out else error))


def _refused(target: Target, head: dict[str, object]) -> Unreachable:
    holder = head.get("holder")
    who = held_by(holder) if isinstance(holder, dict) else "somebody"
    hint = "    hint: wait for its end, or work beside it with --share"
    return Unreachable(f"{where(target)}: another run has this host: {who}\n{hint}")


def _signal(status: int) -> int:
    """Return the signal's number in an exit status, as processes or shells tell it; 0 where there is none."""
    if status < 0:
        return -status
    return status - 128 if 128 < status <= 128 + 64 else 0
