"""The definition and the record of one migration, opened together."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.migrating.notifying import notify
from provisioner.app.run import with_settings
from provisioner.app.start import NOT_TOLD, fingerprint
from provisioner.app.wiring import Ask, Loaded, load
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.execution.ports import EventSink
from provisioner.journal import chronicle
from provisioner.journal.chronicle import Chronicle, Entry
from provisioner.journal.places import state_dir
from provisioner.migration.casting import Casting, cast
from provisioner.migration.compile import Moment, compiled
from provisioner.migration.record import Standing, standing
from provisioner.migration.stages import Stage, Stages
from provisioner.migration.telling import plain_language
from provisioner.model.migration import Migration
from provisioner.model.options import RunOptions
from provisioner.records import dataclass

FILE, INBOX = "record.jsonl", "inbox"
_KEPT_OPTIONS = ("remote_user", "private_key", "connection", "become", "become_user", "port", "ssh_args",
                 "host_key_checking", "python")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How phases are run: options of runs, passwords, who shows what happens, who is asked, who is told."""

    options: RunOptions
    credentials: Credentials
    sinks: Sequence[EventSink]
    ask: Ask
    tell: Callable[[str], None] = print
    by: str = field(default_factory=getpass.getuser)


@dataclass(slots=True)
class Book:
    """One migration, open: its definition as loaded now, its record, and how to run its phases."""

    migration: Migration
    loaded: Loaded
    casting: Casting
    record: Chronicle
    way: Way
    fingerprint: str

    @property
    def standing(self) -> Standing:
        """Return where it stands now."""
        return standing(self.record.entries)

    @property
    def folder(self) -> Path:
        """Return where its record and artefacts lie."""
        return self.record.path.parent

    def note(self, kind: str, /, **data: object) -> None:
        """Add to the record."""
        self.record.add(kind, self.way.by, **data)

    def collect(self) -> None:
        """Take into the record what others have said while we had it."""
        for path in sorted((self.folder / INBOX).glob("*.json")):
            said = json.loads(path.read_text(encoding="utf-8"))
            self.record.add(said["kind"], said["by"], **said["data"])
            path.unlink()

    def enter(self, state: str, because: str = "") -> None:
        """Enter a state, and tell those who wait for it."""
        before = self.standing.state
        self.note("state", state=state, because=because)
        if self.migration.notify and state != before:
            lines = plain_language(self.migration.name, self.standing)
            for problem in notify(self.migration.notify, self.migration.name, state, lines):
                self.note("note", text=f"could not notify {problem}")


def folder_of(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """Return where a migration's record and artefacts lie."""
    return state_dir(environ if environ is not None else os.environ) / "migrations" / name


def known() -> list[str]:
    """Return the names of the migrations that have a record here."""
    folder = state_dir(os.environ) / "migrations"
    return sorted(each.parent.name for each in folder.glob(f"*/{FILE}"))


def look(name: str) -> Standing:
    """Return where a migration stands, without opening it for work; InputError where nobody knows it."""
    path = folder_of(name) / FILE
    if not path.is_file():
        raise InputError.at(None, f"there is no record of a migration '{name}' here", hint=nearest(name, known()))
    return standing(chronicle.read(path))


def entries(name: str) -> Sequence[Entry]:
    """Return everything the record of a migration says."""
    look(name)
    return chronicle.read(folder_of(name) / FILE)


@contextmanager
def recorded(name: str) -> Iterator[Chronicle]:
    """Open the record of a migration without its definition; InUse where another process has it."""
    look(name)
    with chronicle.opened(folder_of(name) / FILE) as record:
        yield record


def leave(name: str, kind: str, by: str, data: Mapping[str, object]) -> None:
    """Leave a word for the process that works on a migration: it takes it into the record before its next phase."""
    look(name)
    inbox = folder_of(name) / INBOX
    inbox.mkdir(mode=0o700, exist_ok=True)
    draft = inbox / f".{time.time_ns()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"kind": kind, "by": by, "data": dict(data)}, stream)
    draft.rename(inbox / f"{draft.name[1:]}.json")


@contextmanager
def opened(name: str, path: str, way: Way) -> Iterator[Book]:
    """Open a migration for work: its definition is read and compiled as a whole, and must hold no mistake.

    ``path`` is its playbook; without it the one of last time. InputError for mistakes, InUse where another process
    works on it.
    """
    place = folder_of(name) / FILE
    before = standing(chronicle.read(place)).definition
    path, way = _as_before(name, path, way, before)
    loaded = load([path], way.options, way.credentials)
    migration = _named(name, path, loaded)
    casting = cast(migration, loaded.inventory)
    check(migration, loaded, casting)
    print_of = _fingerprint(loaded)
    with chronicle.opened(place) as record:
        book = Book(migration, loaded, casting, record, way, print_of)
        book.collect()
        if print_of != before.get("fingerprint"):
            kept = {name: getattr(way.options, name) for name in _KEPT_OPTIONS if name not in NOT_TOLD}
            book.note("defined", path=str(Path(path).resolve()), fingerprint=print_of, folder=str(Path.cwd()),
                      inventories=[str(Path(each).resolve()) if Path(each).exists() else each
                                   for each in way.options.inventories],
                      options=kept, owner=migration.owner,
                      hosts={role: list(names) for role, names in casting.hosts.items()})  # fmt: skip
        yield book


def _as_before(name: str, path: str, way: Way, before: Mapping[str, object]) -> tuple[str, Way]:
    """Return the playbook and the options, those of last time where none are given."""
    if path and way.options.inventories:
        return path, way
    if not before and not path:
        raise InputError.at(None, f"where is the migration '{name}' defined?",
                            hint="name its playbook once: -d playbooks/NAME.yml")  # fmt: skip
    inventories = way.options.inventories or tuple(map(str, _list(before.get("inventories"))))
    return path or str(before["path"]), replace(way, options=replace(way.options, inventories=inventories))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _named(name: str, path: str, loaded: Loaded) -> Migration:
    for each in loaded.playbook.migrations:
        if each.name == name:
            return each
    names = [each.name for each in loaded.playbook.migrations]
    hint = nearest(name, names) or (f"it has {', '.join(names)}" if names else "it defines none")
    raise InputError.at(None, f"{path} defines no migration '{name}'", hint=hint)


def check(migration: Migration, loaded: Loaded, casting: Casting) -> None:
    """Compile every phase, so that no mistake waits for the night of the switch; InputError carries all of them."""
    stages = Stages(migration)
    every = [*stages.build(), *stages.seed(), *stages.delta(), *stages.cutover(), *stages.go_back(may_lose_new=False),
             *stages.confirm(), *stages.observe(), *stages.finalize(), *stages.decommission(),
             *(stage for phase in ("discover", "assess", "rehearse") for moment in ("before", "after")
               for stage in stages.beside(phase, moment))]  # fmt: skip
    _, findings = compiled(migration, casting, every, Moment(migration.name, "check"), loaded.loading)
    if findings.errors:
        raise InputError(findings.errors)


def plays_of(book: Book, stages: Sequence[Stage], moment: Moment, casting: Casting | None = None) -> Loaded:
    """Return what is to be run for some stages; InputError where they hold mistakes."""
    playbook, findings = compiled(book.migration, casting or book.casting, stages, moment, book.loaded.loading)
    if findings.errors:
        raise InputError(findings.errors)
    return replace(book.loaded, playbook=playbook)


def options_for(book: Book, loaded: Loaded, patience_s: float | None = None) -> RunOptions:
    """Return the options of a phase's run: it ends where one host is lost, and has its hosts for itself.

    ``patience_s`` is how long lost contact is sought; while writes are held that is not long.
    """
    options = replace(with_settings(book.way.options, loaded), all_or_nothing=True, exclusive=True)
    return options if patience_s is None else replace(options, reconnect_s=min(patience_s, options.reconnect_s))


def _fingerprint(loaded: Loaded) -> str:
    """Return a checksum of everything that was read: definition, roles, files of tasks, inventory, variables."""
    text = json.dumps(dict(fingerprint(loaded)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
