"""Reads journals back: events in order, the hash chain verified, a torn last line tolerated and reported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.journal.journal import KEPT, VERSION
from provisioner.model.encoding import Line, decode
from provisioner.model.event import Event, RunFinished, RunStarted
from provisioner.records import dataclass

TAIL = 65536
Matters = Callable[[str, bytes], bool]


class Replay:
    """The events of one journal; iterate to read. ``torn_bytes`` is known once the end was reached.

    A last line without its newline is what a crash in the middle of a write leaves: it is dropped and counted. Anything
    else that does not fit is damage and raises InputError naming the line. Where ``matters`` says of a line's kind
    and bytes that nobody asked for it, no more is read than that it stands where it belongs in the chain.
    """

    def __init__(self, path: Path, matters: Matters | None = None) -> None:
        self.path = path
        self._matters = matters
        self.torn_bytes = 0
        self.is_kept = False
        """Whether the event that was given last is kept elsewhere, as it was before redaction."""

    def __iter__(self) -> Iterator[Event]:
        self.torn_bytes = 0
        previous = ""
        for number, raw in enumerate(self._lines(), start=1):
            if self._is_passed_over(raw, number, previous):
                previous = hashlib.sha256(raw).hexdigest()
                continue
            line = _parsed(raw, self.path, number)
            if line.get("n") != number:
                raise _damage(self.path, number, f"it says it is event {line.get('n')}, but it is line {number}")
            if line.get("prev") != previous:
                raise _damage(self.path, number, "the line before it is not the one that was written there")
            self.is_kept = bool(line.get(KEPT))
            yield _decoded(line, self.path, number)
            previous = hashlib.sha256(raw).hexdigest()

    def _is_passed_over(self, raw: bytes, number: int, previous: str) -> bool:
        """Tell whether a line is in its place, as it is written nowadays, and nobody asked for it."""
        if self._matters is None:
            return False
        start = b'{"v":%d,"n":%d,"prev":"%s","type":"' % (VERSION, number, previous.encode())
        kind, found, _ = raw[len(start) :].partition(b'"') if raw.startswith(start) else (b"", b"", b"")
        return bool(found) and not self._matters(kind.decode("ascii", "replace"), raw)

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as stream:
                for raw in stream:
                    if raw.endswith(b"\n"):
                        yield raw[:-1]
                    else:
                        self.torn_bytes = len(raw)
        except OSError as error:
            raise InputError.at(None, f"cannot read the journal {self.path}: {error.strerror}") from error


def replay(path: Path, matters: Matters | None = None) -> Replay:
    """Return the events of the journal at ``path``; with ``matters``, those that matter."""
    return Replay(path, matters)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found: how many whole events, and how many bytes of a torn last line."""

    events: int
    torn_bytes: int


def verify(path: Path) -> Verdict:
    """Read the whole journal and its chain; InputError where it was damaged or changed."""
    replayed = Replay(path)
    return Verdict(sum(1 for _ in replayed), replayed.torn_bytes)


@dataclass(frozen=True, slots=True)
class Ends:
    """A run's first event, and its last one if it came to a regular end."""

    started: RunStarted
    finished: RunFinished | None


def ends(path: Path) -> Ends:
    """Return how a run began and ended without reading what lies between, so a list of many runs is quick."""
    try:
        with path.open("rb") as stream:
            first = stream.readline()
            last = _last_line(path, max(len(first), 1))
    except OSError as error:
        raise InputError.at(None, f"cannot read the journal {path}: {error.strerror}") from error
    if not first.endswith(b"\n"):
        raise _damage(path, 1, "it has no whole first line")
    started = _decoded(_parsed(first[:-1], path, 1), path, 1)
    if not isinstance(started, RunStarted):
        raise _damage(path, 1, "a journal begins with RunStarted")
    finished = _decoded(_parsed(last, path, 1), path, 1) if b'"type":"RunFinished"' in last else None
    return Ends(started, finished if isinstance(finished, RunFinished) else None)


def _last_line(path: Path, floor: int) -> bytes:
    """Return the last whole line behind ``floor``, or nothing; reads ever larger ends of the file."""
    size, want = path.stat().st_size, TAIL
    with path.open("rb") as stream:
        while True:
            begin = max(floor, size - want)
            stream.seek(begin)
            block = stream.read()
            body, newline, _torn = block.rpartition(b"\n")
            before, found, last = body.rpartition(b"\n")
            if newline and (found or begin == floor):
                return last if found else before + last
            if begin == floor:
                return b""
            want *= 8


def _parsed(raw: bytes, path: Path, number: int) -> Line:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _damage(path, number, f"it is not JSON: {error}") from None
    if not isinstance(line, dict):
        raise _damage(path, number, "it is not an object")
    version = line.get("v")
    if not isinstance(version, int) or version > VERSION:
        raise InputError.at(
            _at(path, number),
            f"this journal has format {version}; this provisioner reads formats up to {VERSION}",
            hint="read it with the provisioner that wrote it, or a newer one",
        )
    return line


def _decoded(line: Line, path: Path, number: int) -> Event:
    try:
        return decode(line)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise _damage(path, number, str(error)) from None


def _at(path: Path, number: int) -> Position:
    return Position(Source(str(path), secret=True), number, 1)


def _damage(path: Path, number: int, why: str) -> InputError:
    return InputError.at(_at(path, number), "the journal is damaged or was changed", detail=why)
