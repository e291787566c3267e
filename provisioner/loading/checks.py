"""Checks a loaded tree for everything that needs no host: parameters, files, templates, handlers, ids."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Severity
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.action import role_libraries
from provisioner.loading.files import absolute_path, is_file, shown
from provisioner.loading.imports import find_tasks_file, read_import, tasks_file_places
from provisioner.loading.parameters import Around, check_task, works_here
from provisioner.loading.reading import Reading, RolePlace, is_template
from provisioner.loading.reserved import reserved
from provisioner.loading.roles import load_role_at, read_parts
from provisioner.loading.settings import LoadSettings
from provisioner.loading.tasks import read_nodes
from provisioner.loading.templates import TemplateCheck
from provisioner.loading.variables import LOCAL
from provisioner.model.keywords import Keywords
from provisioner.model.play import Play, Playbook
from provisioner.model.task import Block, Graphing, Node, Role, RoleUse, Task
from provisioner.records import dataclass


@dataclass(slots=True)
class _Names:
    """What one play's tree defines and refers to."""

    handlers: set[str] = field(default_factory=set)
    notified: list[str] = field(default_factory=list)
    ids: dict[str, Position] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    is_open: bool = False
    works_here: bool = False


class _Walk:
    """Walks one play's tree once."""

    def __init__(self, reading: Reading, templates: TemplateCheck, names: _Names) -> None:
        self.reading = reading
        self.templates = templates
        self.names = names
        self.defers = reading.settings.defers_mistakes
        self._seen: set[tuple[int, bool]] = set()
        self._followed: set[tuple[str, str]] = set()

    def nodes(self, nodes: Iterable[Node], around: Around) -> None:
        """Check tasks, blocks and roles."""
        for node in nodes:
            if isinstance(node, Task):
                self._task(node, around)
            elif isinstance(node, Block):
                self._block(node, around)
            else:
                self.use(node, around)

    def use(self, use: RoleUse, around: Around) -> None:
        """Check a role where it is used."""
        self._shared(use.keywords, use.graphing, use.position)
        self.templates.values(use.params)
        self.role(use.role, around.within(use.keywords))

    def role(self, role: Role, around: Around) -> None:
        """Check a role's files, once for each way it is used."""
        if (id(role.tasks), around.lenient) in self._seen and role.tasks:
            return
        self._seen.add((id(role.tasks), around.lenient))
        place = RolePlace(role.name, role.path, around.role)
        inner = replace(around, role=place)
        self.templates.values(role.defaults)
        self.templates.values(role.vars)
        for dependency in role.dependencies:
            self.use(dependency, inner)
        self.handlers(role.handlers, inner, role.name)
        self.nodes(role.tasks, inner)

    def handlers(self, nodes: Iterable[Node], around: Around, role: str = "") -> None:
        """Check handlers and learn what they answer to."""
        for node in nodes:
            if isinstance(node, Block):
                self._listen_to_block(node, role)
            elif isinstance(node, Task):
                self._listen_to(node, role)
        self.nodes(nodes, replace(around, in_handlers=True))

    def _listen_to_block(self, block: Block, role: str) -> None:
        for node in (*block.block, *block.rescue, *block.always):
            if isinstance(node, Block):
                self._listen_to_block(node, role)
            elif isinstance(node, Task):
                self._listen_to(node, role)

    def _listen_to(self, handler: Task, role: str) -> None:
        names = self.names
        if handler.action in ("include_tasks", "include_role") or is_template(handler.name):
            names.is_open = True
        names.handlers.update(handler.listen)
        if role:
            roles = (role, role.rpartition(".")[2])
            names.handlers.update(f"{each} : {topic}" for topic in handler.listen for each in roles)
        if any(is_template(topic) for topic in handler.listen):
            names.is_open = True
        if handler.name:
            names.handlers.add(handler.name)
            if role:
                names.handlers.update({f"{role} : {handler.name}", f"{role.rpartition('.')[2]} : {handler.name}"})

    def _block(self, block: Block, around: Around) -> None:
        self._shared(block.keywords, block.graphing, block.position)
        self.templates.text(block.name)
        inner = around.within(block.keywords)
        caught = replace(inner, lenient=True, caught=True) if block.rescue else inner
        self.nodes(block.block, caught)
        self.nodes(block.rescue, inner)
        self.nodes(block.always, inner)
        self.nodes(block.revert, inner)

    def _task(self, task: Task, around: Around) -> None:
        self._shared(task.keywords, task.graphing, task.position)
        self.templates.task(task)
        inner = around.within(task.keywords)
        if task.action == "include_tasks":
            self._follow_tasks(task, inner)
        elif task.action == "include_role":
            self._follow_role(task, inner)
        else:
            self.names.works_here = self.names.works_here or works_here(task)
            check_task(task, replace(inner, lenient=inner.lenient or self.names.works_here), self.reading)
        self.nodes(task.revert, inner)

    def _shared(self, keywords: Keywords, graphing: Graphing, position: Position) -> None:
        self.templates.keywords(keywords)
        self.names.notified += keywords.notify
        self.names.needed += graphing.needs
        if graphing.id is None:
            return
        where = position_of(graphing.id) or position
        first = self.names.ids.setdefault(graphing.id, where)
        if first != where:
            self.reading.error(f"id '{graphing.id}' is used twice", where, detail=f"first used at {first}")

    def _follow_tasks(self, task: Task, around: Around) -> None:
        """Read a file of constant name that will be included while running, so that its mistakes are told now."""
        check_task(task, around, self.reading)
        name = task.args.get("file")
        if not isinstance(name, str) or is_template(name) or task.loop is not None or self.defers:
            self.names.is_open = True
            return
        mine = self._reading_at(task, around)
        path = find_tasks_file(name, mine)
        if path is None:
            looked = ", ".join(shown(p) for p in tasks_file_places(name, mine))
            self.reading.mistake(f"{task.written_action}: file '{name}' does not exist",
                                 position_of(name) or task.position, detail=f"looked for {looked}",
                                 is_certain=not around.lenient)  # fmt: skip
            return
        if (path, around.role.path if around.role else "") in self._followed:
            return
        self._followed.add((path, around.role.path if around.role else ""))
        nodes = read_nodes(mine.document(path), mine.inside(path), shown(path))
        self._inside(mine).nodes(nodes, around)
        self._adopt(mine.findings, around)

    def _follow_role(self, task: Task, around: Around) -> None:
        check_task(task, around, self.reading)
        name = task.args.get("name", task.args.get("role"))
        parts = {key: value for key, value in task.args.items() if key.endswith("_from")}
        is_known = isinstance(name, str) and not is_template(name) and not is_template(parts) and task.loop is None
        if not is_known or not isinstance(name, str) or self.defers:
            self.names.is_open = True
            return
        if ("role " + name, str(parts)) in self._followed:
            return
        self._followed.add(("role " + name, str(parts)))
        mine = replace(self._reading_at(task, around), folder=around.basedir)
        chosen = read_parts(parts, mine)
        role = load_role_at(name, chosen, position_of(name) or task.position, mine) if chosen else None
        if role is not None:
            self._inside(mine).role(role, around)
        self._adopt(mine.findings, around)

    def _reading_at(self, task: Task, around: Around) -> Reading:
        folder = os.path.dirname(absolute_path(task.position.source.name, str(Path.cwd())))  # noqa: PTH120
        return replace(self.reading, findings=Findings(), folder=folder, role=around.role, basedir=around.basedir,
                       in_handlers=around.in_handlers)  # fmt: skip

    def _inside(self, reading: Reading) -> _Walk:
        walk = _Walk(reading, replace(self.templates, findings=reading.findings), self.names)
        walk._followed, walk._seen = self._followed, self._seen
        return walk

    def _adopt(self, findings: Findings, around: Around) -> None:
        """Take over what was found in an include; what may never be included is only worth a warning."""
        for each in findings.all:
            self.reading.findings.add(_softened(each) if around.lenient else each)


def _softened(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, severity=Severity.WARNING)


def check_playbook(playbook: Playbook, settings: LoadSettings, findings: Findings) -> None:
    """Record what is wrong across the plays of a playbook."""
    templates = TemplateCheck(settings, findings)
    known_ids: set[str] = set()
    needed: list[str] = []
    play_ids: dict[str, Position] = {}
    for play in playbook.plays:
        reading = Reading(settings, findings, play.basedir, play.basedir, constants=dict(settings.extra_vars),
                          importer=read_import, libraries=role_libraries(play.roles))  # fmt: skip
        names = _Names()
        walk = _Walk(reading, templates, names)
        names.works_here = play.keywords.connection == "local" or play.hosts in LOCAL
        _check_play(play, walk, templates)
        _check_notified(names, reading)
        _note_play_id(play, play_ids, reading)
        known_ids |= set(names.ids)
        needed += [*names.needed, *play.graphing.needs]
    known_ids |= set(play_ids)
    for need in needed:
        if need not in known_ids:
            findings.error(f"nothing has the id '{need}' that is needed here", position_of(need),
                           hint=nearest(need, known_ids))  # fmt: skip


def _note_play_id(play: Play, ids: dict[str, Position], reading: Reading) -> None:
    own = play.graphing.id
    if own is None:
        return
    where = position_of(own) or play.position
    first = ids.setdefault(own, where)
    if first != where:
        reading.error(f"id '{own}' is used twice", where, detail=f"first used at {first}")


def _check_play(play: Play, walk: _Walk, templates: TemplateCheck) -> None:
    around = Around(play.basedir).within(play.keywords)
    templates.keywords(play.keywords)
    templates.values(play.vars)
    walk.reading.findings.extend(reserved(play.vars))
    _check_vars_files(play, walk.reading)
    walk.handlers(play.handlers, around)
    walk.nodes(play.pre_tasks, around)
    walk.nodes(play.roles, around)
    walk.nodes(play.tasks, around)
    walk.nodes(play.post_tasks, around)


def _check_vars_files(play: Play, reading: Reading) -> None:
    for entry in play.vars_files:
        names = [each for each in (entry if isinstance(entry, list) else [entry]) if isinstance(each, str)]
        if not names or any(map(is_template, names)):
            continue
        places = [Path(absolute_path(n, folder)) for n in names for folder in (play.basedir, play.basedir + "/vars")]
        if not any(is_file(str(place)) for place in places):
            reading.mistake(f"vars_files: '{names[0]}' does not exist", names[0])
            continue
        reading.document(str(next(place for place in places if is_file(str(place)))))


def _check_notified(names: _Names, reading: Reading) -> None:
    if names.is_open:
        return
    for name in names.notified:
        if name not in names.handlers and not is_template(name):
            reading.mistake(f"no handler is named '{name}' or listens to it", position_of(name),
                            hint=nearest(name, names.handlers))  # fmt: skip


def _alone(reading: Reading, role: Role | None) -> tuple[_Walk, Around]:
    walk = _Walk(reading, TemplateCheck(reading.settings, reading.findings), _Names())
    place = RolePlace(role.name, role.path) if role is not None else None
    return walk, Around(reading.basedir, role=place, in_handlers=reading.in_handlers)


def check_nodes(nodes: Iterable[Node], role: Role | None, reading: Reading) -> None:
    """Record what is wrong in tasks that are included while running."""
    walk, around = _alone(reading, role)
    walk.nodes(nodes, around)


def check_role(role: Role, reading: Reading) -> None:
    """Record what is wrong in a role that is included while running."""
    walk, around = _alone(reading, None)
    walk.role(role, around)
