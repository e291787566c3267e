"""The next windows of the plays and migrations of playbooks: what opens when, and which days are taken away and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.wiring import load
from provisioner.diagnostics.errors import InputError
from provisioner.model.options import RunOptions
from provisioner.model.play import Playbook
from provisioner.model.window import Window
from provisioner.scheduling.windows import Opening, agenda, open_at

FOLDERS = (".", "playbooks")
"""Where playbooks are looked for that hold a play or migration of a name."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one play or migration may start. ``kind`` is which of them it is, ``where`` its place in a file."""

    kind: str
    name: str
    where: str
    open_now: Opening | None
    openings: tuple[Opening, ...]


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
            mine += [_schedule(each, after, count) for each in _windowed(playbook) if is_file or each[1] == word]
        if not mine:
            what = "has a window" if is_file else f"in {' or '.join(FOLDERS)} has that name and a window"
            raise InputError.at(None, f"{word}: no play or migration {what}")
        found += mine
    return found


_Windowed = tuple[str, str, str, Window]


def _windowed(playbook: Playbook) -> Iterable[_Windowed]:
    for play in playbook.plays:
        if play.window is not None:
            yield "play", play.name, str(play.position), play.window
    for migration in playbook.migrations:
        if isinstance(migration.window, Window):
            yield "migration", migration.name, str(migration.position), migration.window


def _schedule(each: _Windowed, after: datetime, count: int) -> Schedule:
    kind, name, where, window = each
    return Schedule(kind, name, where, open_at(window, after), tuple(agenda(window, after, count)))


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
