"""The record of something that outlives runs, such as a migration: entries appended by one process after the other.

Like a run's journal: one line each, hash-chained, on disk before anything follows from it. A line that a crash cut
short is dropped when the next process opens the file; any other damage is an error.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.model.encoding import to_json
from provisioner.records import dataclass

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what kind of thing happened, when (seconds since the epoch), who did it, and what belongs to it."""

    kind: str
    at: float
    by: str
    data: Mapping[str, object] = field(default_factory=dict)


class InUse(UnmetNeed):
    """Another process writes to the record."""


class Chronicle:
    """An open record; only one process has it open for writing."""

    def __init__(self, descriptor: int, path: Path, entries: Sequence[Entry], previous: str) -> None:
        self.path, self.entries = path, list(entries)
        self._descriptor, self._previous = descriptor, previous

    def add(self, kind: str, by: str, /, **data: object) -> Entry:
        """Append an entry; it is on disk when this returns."""
        entry = Entry(kind, time.time(), by, data)
        body = {"v": VERSION, "n": len(self.entries) + 1, "prev": self._previous, "kind": kind, "at": entry.at,
                "by": by, "data": data}  # fmt: skip
        line = to_json(body).encode("ascii")
        try:
            os.write(self._descriptor, line + b"\n")
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise UnmetNeed(f"cannot write {self.path}: {error.strerror}", "free some space") from error
        self._previous = hashlib.sha256(line).hexdigest()
        self.entries.append(entry)
        return entry


@contextmanager
def opened(path: Path) -> Iterator[Chronicle]:
    """Open a record for writing, made where there is none; InUse where another process has it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another process works on {path.parent.name}", "wait for its end, or end it") from None
        entries, previous, whole = _parsed(path)
        os.ftruncate(descriptor, whole)
        yield Chronicle(descriptor, path, entries, previous)
    finally:
        os.close(descriptor)


def read(path: Path) -> Sequence[Entry]:
    """Return the entries of a record; none where there is no such file."""
    return _parsed(path)[0] if path.is_file() else ()


def _parsed(path: Path) -> tuple[list[Entry], str, int]:
    """Return the entries, the checksum of the last line, and how many bytes are whole lines."""
    entries: list[Entry] = []
    previous, whole = "", 0
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            break  # cut short by a crash
        body = line[:-1]
        try:
            told = json.loads(body)
            fits = told["prev"] == previous and told["n"] == number
            entry = Entry(str(told["kind"]), float(told["at"]), str(told["by"]), told["data"])
        except (ValueError, KeyError, TypeError):
            fits, entry = False, Entry("", 0.0, "")
        if not fits:
            raise InputError.at(None, f"{path}:{number}: the record was damaged or changed here",
                                hint="restore the file, or move it away to start over")  # fmt: skip
        entries.append(entry)
        previous, whole = hashlib.sha256(body).hexdigest(), whole + len(line)
    return entries, previous, whole
