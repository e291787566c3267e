"""The next windows of the plays and migrations of playbooks: what opens when, and which days are taken away and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.migrating.book import known, look
from provisioner.app.wiring import load
from provisioner.diagnostics.errors import InputError
from provisioner.migration.estimate import Estimate
from provisioner.migration.timing import timed
from provisioner.model.migration import Migration
from provisioner.model.options import RunOptions
from provisioner.model.play import Playbook
from provisioner.model.window import Window
from provisioner.records import dataclass
from provisioner.scheduling.windows import Opening, agenda, open_at

FOLDERS = (".", "playbooks")
"""Where playbooks are looked for that hold a play or migration of a name."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one play or migration may start. ``kind`` is which of them it is, ``where`` its place in a file.

    ``move`` is how long a migration takes, where something is known of that.
    """

    kind: str
    name: str
    where: str
    open_now: Opening | None
    openings: tuple[Opening, ...]
    move: Estimate | None = None


def schedules(
    words: Sequence[str], options: RunOptions, credentials: Credentials, after: datetime, count: int
) -> list[Schedule]:
    """Return the schedules of everything in playbook files, or of what has one of the names; InputError for none."""
    found: list[Schedule] = []
    for word in words:
        is_file = Path(word).is_file()
        paths = [word] if is_file else _files_with(word)
        mine = []
        for path in paths:
            playbook = load([path], options, credentials).playbook
            mine += [_schedule(each, after, count) for each in _windowed(playbook) if is_file or each.name == word]
        if not mine:
            what = "has a window" if is_file else f"in {' or '.join(FOLDERS)} has that name and a window"
            raise InputError.at(None, f"{word}: no play or migration {what}")
        found += mine
    return found


@dataclass(frozen=True, slots=True)
class _Windowed:
    kind: str
    name: str
    where: str
    window: Window
    move: Estimate | None = None


def _windowed(playbook: Playbook) -> Iterable[_Windowed]:
    for play in playbook.plays:
        if play.window is not None:
            yield _Windowed("play", play.name, str(play.position), play.window)
    for migration in playbook.migrations:
        if migration.window is not None:
            place = str(migration.position)
            yield _Windowed("migration", migration.name, place, migration.window, _known_of(migration))


def _schedule(each: _Windowed, after: datetime, count: int) -> Schedule:
    openings = tuple(agenda(each.window, after, count))
    return Schedule(each.kind, each.name, each.where, open_at(each.window, after), openings, each.move)


def _known_of(migration: Migration) -> Estimate | None:
    """Return how long a migration takes; None where it was never rehearsed, so that all would be guessed."""
    if migration.name not in known():
        return None
    standing = look(migration.name)
    return timed(migration, standing) if standing.rehearsal is not None else None


def _files_with(name: str) -> list[str]:
    """Return the playbook files that may hold a window of that name."""
    files = sorted(path for folder in FOLDERS for path in Path(folder).glob("*.y*ml") if path.is_file())
    return [str(path) for path in files if _mentions(path, name)]


def _mentions(path: Path, name: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return name in text and "window" in text
