"""Writes a run's journal: one event a line, appended and hash-chained, on disk before an effect is relied upon.

Every line reaches the kernel before ``write`` returns, so killing the process loses nothing. Against power loss
the file is also synced: at once for the first and last event, and for results that changed or broke something at most
every 50 ms (ten times the last sync's own duration on a slow disk). ``tick`` syncs what is still due while nothing
happens; there is no thread.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.journal.places import FILE
from provisioner.model.encoding import encode, to_json
from provisioner.model.event import Event, OperationFinished, RunFinished, RunStarted
from provisioner.model.status import Status

VERSION = 1
SYNC_EVERY_S = 0.05
KEPT = "kept"
"""The key that says that a line's event is kept, as it was before redaction, beside the journal."""

_HARMLESS = frozenset({Status.OK, Status.SKIPPED, Status.BYPASSED, Status.NOT_RUN})


class Journal:
    """An open journal; any thread may write to it."""

    def __init__(self, path: Path, descriptor: int, clock: Callable[[], float]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._clock = clock
        self._lock = Lock()
        self._number = 0
        self._previous = ""
        self._is_due = False
        self._next_sync = 0.0
        self.before_sync: Callable[[], None] = _nothing
        """Brings to the disk what lines of the journal rely on."""

    @property
    def number(self) -> int:
        """Return the number of the last event that was written."""
        return self._number

    @classmethod
    def create(cls, folder: Path, started: RunStarted, clock: Callable[[], float] = time.monotonic) -> Journal:
        """Make the run's folder (0700) and its journal (0600), and write the first event.

        The folder may exist, the journal may not: a run is recorded once.
        """
        path = folder / FILE
        try:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as long as this run lives
        except OSError as error:
            raise _cannot("create", path, error) from error
        journal = cls(path, descriptor, clock)
        journal.write(started)
        _sync_folder(folder)
        return journal

    def write(self, event: Event, *, is_kept: bool = False) -> None:
        """Append ``event``; it must have been redacted already. ``is_kept``: what was taken out is kept beside it."""
        body = {**encode(event), **({KEPT: True} if is_kept else {})}
        with self._lock:
            line = to_json({"v": VERSION, "n": self._number + 1, "prev": self._previous, **body}).encode("ascii")
            self._append(line + b"\n")
            self._number += 1
            self._previous = hashlib.sha256(line).hexdigest()
            if isinstance(event, (RunStarted, RunFinished)):
                self._sync()
            elif isinstance(event, OperationFinished) and event.status not in _HARMLESS:
                self._is_due = True
            self._sync_if_due()

    def handle(self, event: Event) -> None:
        """Append ``event``, under the name by which renderers take events."""
        self.write(event)

    def tick(self) -> None:
        """Sync what became due while nothing was written; call it about every 50 ms of a quiet run."""
        with self._lock:
            self._sync_if_due()

    def sync(self) -> None:
        """Put everything written on disk now."""
        with self._lock:
            self._sync()

    def close(self) -> None:
        """Sync and close; closing twice is fine."""
        with self._lock:
            if self._descriptor >= 0:
                self._sync()
                os.close(self._descriptor)
                self._descriptor = -1

    def _append(self, data: bytes) -> None:
        """Write a whole line, or none of it where there is no room."""
        view = memoryview(data)
        before = os.fstat(self._descriptor).st_size
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise _cannot("write", self.path, error) from error

    def _sync_if_due(self) -> None:
        if self._is_due and self._clock() >= self._next_sync:
            self._sync()

    def _sync(self) -> None:
        began = self._clock()
        self.before_sync()
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _cannot("sync", self.path, error) from error
        ended = self._clock()
        self._next_sync = ended + max(SYNC_EVERY_S, 10 * (ended - began))
        self._is_due = False


def _nothing() -> None:
    """Do nothing."""


def _sync_folder(folder: Path) -> None:
    """Make the journal's name itself survive power loss."""
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot(verb: str, path: Path, error: OSError) -> UnmetNeed:
    remedy = "free some space or set PROVISIONER_STATE_DIR to a folder that can be written"
    return UnmetNeed(f"cannot {verb} the journal {path}: {error.strerror}", remedy)
