"""What is known of hosts across runs: handlers they are still owed, and how they were seen last.

The ledger is derived: each journal is folded into it once, when its run is over, whatever ended it. A handler that was
notified and did not run is owed until a later run has run it or somebody waives it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, field
from pathlib import Path

from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.journal.places import FILE, runs_dir, state_dir
from provisioner.journal.replay import replay
from provisioner.model.event import OperationFinished, OperationPlanned, RunStarted
from provisioner.model.status import Status
from provisioner.records import dataclass

LEDGER = "ledger.json"
LOCK = "ledger.lock"


@dataclass
class Owed:
    """A handler that was notified on a host by a run of these playbooks and did not run since."""

    handler: str
    playbooks: list[str]
    run: str
    at: float


@dataclass
class Known:
    """One host: the run that worked on it last, how that ended there, and what it is owed."""

    run: str = ""
    at: float = 0.0
    seen: str = ""
    owed: list[Owed] = field(default_factory=list)


@dataclass
class Ledger:
    """All hosts by name, and the runs that are in here already."""

    hosts: dict[str, Known] = field(default_factory=dict)
    folded: list[str] = field(default_factory=list)

    def owed(self, host: str, playbooks: tuple[str, ...]) -> list[Owed]:
        """Return what a host is owed by runs of any of these playbooks (absolute paths)."""
        known = self.hosts.get(host)
        return [each for each in known.owed if set(each.playbooks) & set(playbooks)] if known else []

    def waive(self, host: str, handler: str | None) -> int:
        """Take a handler, or all, from what a host is owed; return how many that were."""
        known = self.hosts.get(host)
        if known is None:
            return 0
        left = [each for each in known.owed if handler is not None and each.handler != handler]
        count, known.owed = len(known.owed) - len(left), left
        return count


@contextmanager
def ledger(environ: Mapping[str, str]) -> Iterator[Ledger]:
    """Give the ledger with every run that is over folded in; what is changed in it is written at the end.

    UnmetNeed where it cannot be written.
    """
    folder = state_dir(environ)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(folder / LEDGER, error) from error
    with os.fdopen(descriptor, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _read(folder / LEDGER)
        before = json.dumps(asdict(found))
        _fold_new(found, environ)
        yield found
        if json.dumps(asdict(found)) != before:
            try:
                _write(folder / LEDGER, found)
            except OSError as error:
                raise _unwritable(folder / LEDGER, error) from error


def look(environ: Mapping[str, str]) -> Ledger:
    """Return the ledger as it is now, also where it cannot be written: it is derived, so nothing is lost by that."""
    try:
        with ledger(environ) as book:
            pass
    except UnmetNeed:
        book = _read(state_dir(environ) / LEDGER)
        _fold_new(book, environ)
    return book


def _unwritable(path: Path, error: OSError) -> UnmetNeed:
    remedy = "free some space or set PROVISIONER_STATE_DIR to a folder that can be written"
    return UnmetNeed(f"cannot write {path}: {error.strerror}", remedy)


def is_living(journal: Path) -> bool:
    """Tell whether a run still goes on: it holds a lock on its journal as long as its process lives."""
    with suppress(FileNotFoundError, PermissionError), journal.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _fold_new(found: Ledger, environ: Mapping[str, str]) -> None:
    there = sorted(path.parent.name for path in runs_dir(environ).glob(f"*/{FILE}"))
    known = set(found.folded)
    for run in there:
        path = runs_dir(environ) / run / FILE
        if run in known or is_living(path):
            continue
        with suppress(InputError):  # a damaged journal is told of by 'history check'; here it has nothing to say
            _fold(found, path)
        known.add(run)
    found.folded = sorted(known & set(there))


def _matters(kind: str, line: bytes) -> bool:
    """Tell whether a line of a journal is folded in; of what was planned, only handlers."""
    return kind in ("RunStarted", "OperationFinished") or (kind == "OperationPlanned" and b'"is_handler":true' in line)


def _fold(found: Ledger, path: Path) -> None:
    """Fold one journal in."""
    started: RunStarted | None = None
    titles: dict[str, str] = {}
    notified: dict[tuple[str, str], float] = {}
    ran: set[tuple[str, str]] = set()
    seen: dict[str, tuple[float, Status]] = {}
    for event in replay(path, _matters):
        match event:
            case RunStarted():
                started = event
            case OperationPlanned(is_handler=True):
                titles[event.operation] = event.name
            case OperationFinished():
                _note(event, titles, notified, ran)
                seen[event.host] = event.at, event.status
    if started is None or started.options.get("check"):
        return
    books = [str(Path(str(started.options.get("folder", "."))) / name) for name in started.playbooks]
    for host, (at, status) in seen.items():
        known = found.hosts.setdefault(host, Known())
        known.run, known.at, known.seen = started.run, at, status.value
        mine = {handler: at for (name, handler), at in notified.items() if name == host}
        settled = {handler for name, handler in ran if name == host} | set(mine)
        known.owed = [each for each in known.owed if each.handler not in settled]
        known.owed += [Owed(handler, books, started.run, at) for handler, at in mine.items()]


def _note(
    event: OperationFinished,
    titles: Mapping[str, str],
    notified: dict[tuple[str, str], float],
    ran: set[tuple[str, str]],
) -> None:
    for handler in event.effects.get("notified", ()):  # type: ignore[attr-defined]
        notified.setdefault((event.host, titles.get(str(handler), str(handler))), event.at)
    title = titles.get(event.operation)
    if title is not None and event.status in {Status.OK, Status.CHANGED, Status.SKIPPED, Status.IGNORED}:
        notified.pop((event.host, title), None)
        ran.add((event.host, title))


def _read(path: Path) -> Ledger:
    try:
        data = json.loads(path.read_text("utf-8"))
        hosts = {
            name: Known(**{**each, "owed": [Owed(**owed) for owed in each["owed"]]})
            for name, each in data["hosts"].items()
        }
        return Ledger(hosts, data["folded"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Ledger()  # derived: it is made anew from the journals


def _write(path: Path, found: Ledger) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(found), stream)
    fresh.replace(path)
