"""A session on a host that has no lasting worker: requests that wait are carried out together, one batch at a time."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import TypeGuard

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import ABOUT_CONNECTION, Reply, Request
from provisioner.model.target import Become, Target

from .bootstrap import Facts
from .bundle import ModuleSources
from .failures import where
from .outgoing import Done, Outgoing, Output
from .raw import Command
from .scripts import Reach, Shot

BATCH = 16
Work = Command | Outgoing


class ScriptSession:
    """Carries out the requests and raw commands of one (target, become), in order, on a thread that lives while there
    is something to do. ``batch``: how many requests go at once.
    """

    facts: Facts | None = None

    def __init__(
        self, target: Target, become: Become | None, sources: ModuleSources, reach: Reach, *, batch: int = BATCH
    ) -> None:
        self.target, self.become = target, become
        self._sources, self._reach, self._batch = sources, reach, batch
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: deque[Work] = deque()
        self._broken: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, request: Request, done: Done, output: Output | None = None) -> None:
        """Queue a request; ``done`` is called once, from this object's thread, in order."""
        self._queue(Outgoing(next(self._ids), request, done, output))

    def command(self, command: Command) -> None:
        """Queue a command line; the same holds."""
        self._queue(command)

    def break_chain(self, chain: str, link: str) -> None:
        """Have the requests of ``chain`` that were not begun answered as dropped, but for those of ``link``."""
        self._broken.setdefault(chain, link)

    def shut(self) -> None:
        """Let nothing more start."""
        self._closed = True

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; tell whether it was reached."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _queue(self, work: Work) -> None:
        with self._lock:
            self._waiting.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"scripts {self.target.host}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                work = self._next()
            if isinstance(work, list):
                self._carry_out(work)
            elif isinstance(work, Command):
                work.done(self._said(work))
            else:
                work.done(self._told(work.request))

    def _next(self) -> Work | list[Outgoing]:
        """Take the requests before the next that is no module's; or that one."""
        first = self._waiting.popleft()
        if not _is_modules(first):
            return first
        found = [first]
        while self._waiting and len(found) < self._batch and _is_modules(each := self._waiting[0]):
            found.append(each)
            self._waiting.popleft()
        return found

    def _told(self, request: Request) -> Reply:
        try:
            self._refuse_when_closed()
            return Reply(result=dict(self._reach.told(request.params)))
        except TargetError as error:
            return _reply(error)

    def _said(self, command: Command) -> Reply:
        try:
            self._refuse_when_closed()
            with tempfile.TemporaryDirectory(prefix="provisioner-") as folder:
                given = Path(folder, "input") if command.stdin else None
                if given is not None:
                    given.write_bytes(command.stdin)
                said = self._reach.run(command.line, self.become, given)
        except TargetError as error:
            return _reply(error)
        texts = {"stdout": said.out, "stderr": said.err}
        return Reply(result={"rc": said.rc, **{k: v.decode("utf-8", "surrogateescape") for k, v in texts.items()}})

    def _carry_out(self, items: list[Outgoing]) -> None:
        wanted = [item for item in items if not self._is_dropped(item)]
        replies: dict[int, Reply] = {}
        failure: TargetError | None = None
        try:
            self._refuse_when_closed()
            with tempfile.TemporaryDirectory(prefix="provisioner-") as folder:
                if wanted:
                    replies = Shot(self.target, self.become, self._sources, self._reach).fire(wanted, Path(folder))
        except TargetError as error:
            failure = error
        except OSError as error:
            failure = Lost(f"{where(self.target)}: {error}; whether it was done is not known")
        for item in items:
            reply = replies.get(item.id) or (Reply(dropped=True) if self._is_dropped(item) else _reply(failure))
            self._note(item.request, reply)
            item.done(reply)

    def _is_dropped(self, item: Outgoing) -> bool:
        request = item.request
        return bool(request.chain) and self._broken.get(request.chain, request.link) != request.link

    def _note(self, request: Request, reply: Reply) -> None:
        if request.chain and request.stop_chain and reply.result is not None and reply.result.get("failed"):
            self._broken.setdefault(request.chain, request.link)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unreachable(f"{where(self.target)}: the run is over")


def _is_modules(work: Work) -> TypeGuard[Outgoing]:
    return isinstance(work, Outgoing) and work.request.module != ABOUT_CONNECTION


def _reply(error: TargetError | None) -> Reply:
    """Return what stands for a request that came to nothing: what a host's connection says of itself is a failure."""
    if error is None or isinstance(error, Unreachable | Lost):
        return Reply(error=error or Lost("it was not answered"))
    return Reply(result={"failed": True, "changed": False, "msg": str(error)})
