"""Loads playbooks, and the task files and roles that are included while running."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.position import Position, Source, Text, position_of
from provisioner.loading.checks import check_nodes, check_playbook, check_role
from provisioner.loading.collections import Collections
from provisioner.loading.files import absolute_path, is_file, shown
from provisioner.loading.graphing import GRAPHING_KEYS
from provisioner.loading.imports import find_tasks_file, read_import, tasks_file_places
from provisioner.loading.keywords import Item, read_conditions, read_tags, read_vars
from provisioner.loading.migrations import read_migration
from provisioner.loading.plays import read_play
from provisioner.loading.reading import Reading, RolePlace, kind_of
from provisioner.loading.roles import WHOLE, RoleParts, load_role_at
from provisioner.loading.settings import LoadSettings
from provisioner.loading.tasks import read_nodes
from provisioner.loading.words import split_pairs
from provisioner.model.migration import Migration
from provisioner.model.play import Play, Playbook
from provisioner.model.task import Node, Role
from provisioner.records import dataclass
from provisioner.syntax import yaml

_IMPORTS = ("import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook")
_IMPORT_KEYS = frozenset({*_IMPORTS, "name", "vars", "tags", "when"}) | GRAPHING_KEYS


def load_playbooks(paths: Sequence[str], settings: LoadSettings) -> tuple[Playbook, Findings]:
    """Return the plays of the files, imports resolved, with everything that is wrong in them.

    Nothing is raised for mistakes in the input; look at ``Findings.errors`` before running.
    """
    findings = Findings()
    written: list[Play | Migration] = []
    for given in paths:
        path = _given_path(given, settings)
        basedir = str(Path(path).parent)
        reading = Reading(settings, findings, basedir, basedir, constants=dict(settings.extra_vars),
                          importer=read_import)  # fmt: skip
        if not is_file(path):
            findings.error(f"the playbook {shown(path)} does not exist")
            continue
        written += _read_file(path, reading)
    playbook = _playbook(written, tuple(paths))
    check_playbook(playbook, settings, findings)
    return playbook, _in_order(settings.reported(findings))


def _given_path(given: str, settings: LoadSettings) -> str:
    """Return the file of a playbook named on the command line: a path, or a playbook of a collection by its name."""
    path = absolute_path(given, settings.basedir)
    if is_file(path):
        return path
    here = Reading(settings, Findings(), absolute_path(".", settings.basedir), settings.basedir)
    return collection_playbook(given, here.installed) or path


def load_play_text(source: Source, settings: LoadSettings) -> tuple[Playbook, Findings]:
    """Return the plays of a text that is no file, such as what the command line asks for."""
    findings = Findings()
    basedir = absolute_path(".", settings.basedir)
    reading = Reading(settings, findings, basedir, basedir, constants=dict(settings.extra_vars), importer=read_import)
    written = _read_plays(yaml.load(source, vault=settings.vault, findings=findings), reading)
    playbook = _playbook(written, ())
    check_playbook(playbook, settings, findings)
    return playbook, _in_order(settings.reported(findings))


def _playbook(written: Sequence[Play | Migration], paths: tuple[str, ...]) -> Playbook:
    plays = tuple(each for each in written if isinstance(each, Play))
    return Playbook(plays, paths, tuple(each for each in written if isinstance(each, Migration)))


def _in_order(findings: Findings) -> Findings:
    """Return the findings file by file from top to bottom; the files in the order they appeared."""
    files: dict[str, int] = {"": 0}

    def place(diagnostic: Diagnostic) -> tuple[int, int, int]:
        at = diagnostic.position
        if at is None:
            return 0, 0, 0
        return files.setdefault(at.source.name, len(files)), at.line, at.column

    ordered = Findings()
    ordered.extend(sorted(findings.all, key=place))
    return ordered


def _read_file(path: str, outer: Reading) -> list[Play | Migration]:
    reading = replace(outer.inside(path), basedir=str(Path(path).parent))
    if reading.settings.add_plugins is not None:
        reading.settings.add_plugins(Path(path).parent)
    content = reading.document(path)
    if content is None:
        if not reading.findings.errors:
            reading.warn(f"the playbook {shown(path)} is empty")
        return []
    return _read_plays(content, reading)


def _read_plays(content: object, reading: Reading) -> list[Play | Migration]:
    if not isinstance(content, list):
        reading.error(f"a playbook must be a list of plays, not {kind_of(content)}", content,
                      hint="begin each play with a dash: '- hosts: all'")  # fmt: skip
        return []
    plays: list[Play | Migration] = []
    if not content:
        reading.error("a playbook must hold at least one play", Position(Source(reading.folder), 1, 1),
                      known_as="A playbook must contain at least one play")  # fmt: skip
    for each in content:
        if not isinstance(each, dict) or not each:
            reading.error(f"a play must be a mapping, not {kind_of(each)}", position_of(each) or position_of(content))
        elif any(key in each for key in _IMPORTS):
            plays += _import(each, reading)
        elif "migration" in each:
            migration = read_migration(each, reading)
            plays += [migration] if migration is not None else []
        else:
            play = read_play(each, reading)
            plays += [play] if play is not None else []
    return plays


def _import(written: dict[str, object], reading: Reading) -> list[Play | Migration]:
    """Return the plays of an imported playbook with the import's vars, tags and conditions upon them."""
    for key in written:
        if key not in _IMPORT_KEYS:
            reading.unknown_key(key, "import_playbook", _IMPORT_KEYS)
    given = next(written[key] for key in _IMPORTS if key in written)
    values = read_vars(Item("vars", written.get("vars"), "import_playbook"), reading)
    if isinstance(given, str) and "=" in given and "{{" not in given:
        split = split_pairs(given, lambda _key: True)
        values = {**split.pairs, **values}
        given = Text(split.rest, position_of(given))
    inner = reading.with_constants(values)
    name = inner.known_text(given, "the imported playbook")
    path = _playbook_path(name, reading) if name is not None else None
    if name is None or path is None:
        return []
    tags = read_tags(Item("tags", written.get("tags"), "import_playbook"), reading)
    when = read_conditions(Item("when", written["when"], "import_playbook"), reading) if "when" in written else ()
    changed: list[Play | Migration] = []
    for play in _read_file(path, inner):
        if isinstance(play, Migration):
            changed.append(play)
            continue
        keywords = replace(play.keywords, tags=tags + play.keywords.tags, when=when + play.keywords.when)
        changed.append(replace(play, keywords=keywords, vars={**play.vars, **values}))
    return changed


def _playbook_path(name: str, reading: Reading) -> str | None:
    path = reading.path(name)
    if path in reading.open_files:
        reading.error(f"the playbook '{name}' imports itself", name)
        return None
    if is_file(path):
        return path
    found = collection_playbook(name, reading.installed)
    if found is not None:
        return found
    reading.missing(f"the playbook '{name}' does not exist", name, detail=f"looked for {shown(path)}")
    return None


def collection_playbook(name: str, collections: Collections) -> str | None:
    """Return the file of a playbook named ``ns.collection.name``, None where it is no such name or not there."""
    words = name.split(".")
    home = collections.folder(".".join(words[:2])) if len(words) >= 3 and "/" not in name else None
    if home is None:
        return None
    found = "/".join((home, "playbooks", *words[2:]))
    candidates = (found + ".yml", found + ".yaml", "/".join((home, "playbooks", *words[2:-1])) + "." + words[-1])
    return next((each for each in candidates if is_file(each)), None)


def _place(role: Role | None) -> RolePlace | None:
    return RolePlace(role.name, role.path, collection=role.collection) if role is not None else None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where something is included while running.

    ``folder`` is that of the including file, ``role`` the role it belongs to. ``variables`` are the host's, for
    templated names of static imports inside; they are only used where the text cannot be read without them.
    """

    play: Play
    role: Role | None = None
    folder: str | None = None
    in_handlers: bool = False
    variables: Mapping[str, object] = field(default_factory=dict)
    position: Position | None = None


def load_tasks_file(name: str, settings: LoadSettings, place: Inclusion) -> tuple[tuple[Node, ...], Findings]:
    """Return the tasks of a file that is included while running.

    ``name`` is looked for beside the including file, in the role, then beside the playbook. What was read before is
    not read again.
    """
    reading = _reading_for(place, settings, settings.extra_vars)
    path = find_tasks_file(name, reading)
    if path is None:
        places = tasks_file_places(name, reading)
        first, looked = os.path.abspath(places[0]), ", ".join(map(shown, places))  # noqa: PTH100 - no link is followed
        reading.error(f"file '{name}' does not exist", place.position, detail=f"looked for {looked}",
                      known_as=f"Could not find or access '{first}' on the Ansible Controller.")  # fmt: skip
        return (), reading.findings
    role = place.role
    key = (path, settings.files.stamp(path), role.path if role else None, place.in_handlers, place.play.basedir)
    if key not in settings.files.parsed:
        settings.files.parsed[key] = (_checked_nodes(path, role, reading), tuple(reading.findings.all))
    found, diagnostics = settings.files.parsed[key]
    known = Findings()
    known.extend(diagnostics)
    known = settings.reported(known)
    if known.errors and place.variables:
        again = _reading_for(place, settings, {**place.variables, **settings.extra_vars})
        return _checked_nodes(path, role, again), settings.reported(again.findings)
    return found if isinstance(found, tuple) else (), known


def included_path(name: str, settings: LoadSettings, place: Inclusion) -> str:
    """Return the path of a file of tasks that is included while running; the name where there is none."""
    return find_tasks_file(name, _reading_for(place, settings, settings.extra_vars)) or name


def _reading_for(place: Inclusion, settings: LoadSettings, constants: Mapping[str, object]) -> Reading:
    basedir = place.play.basedir
    home = f"{place.role.path}/tasks" if place.role else basedir
    return Reading(settings, Findings(), basedir, place.folder or home, role=_place(place.role), constants=constants,
                   in_handlers=place.in_handlers, importer=read_import)  # fmt: skip


def _checked_nodes(path: str, role: Role | None, reading: Reading) -> tuple[Node, ...]:
    nodes = read_nodes(reading.document(path), reading.inside(path), shown(path))
    check_nodes(nodes, role, reading)
    return nodes


def load_role(
    name: str, settings: LoadSettings, place: Inclusion, parts: RoleParts = WHOLE
) -> tuple[Role | None, Findings]:
    """Return a role that is included while running; None where it cannot be loaded, see the findings."""
    role, findings = _load_role(name, settings, replace(place, variables={}), parts)
    if findings.errors and place.variables:
        return _load_role(name, settings, place, parts)
    return role, findings


def _load_role(name: str, settings: LoadSettings, place: Inclusion, parts: RoleParts) -> tuple[Role | None, Findings]:
    here = replace(place, in_handlers=False, folder=place.play.basedir)
    reading = _reading_for(here, settings, {**place.variables, **settings.extra_vars})
    role = load_role_at(name, parts, place.position, reading)
    if role is not None:
        check_role(role, reading)
    return role, settings.reported(reading.findings)
