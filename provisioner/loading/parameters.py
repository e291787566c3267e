"""Checks one task against its module: parameters, and the local files it names."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, Text, position_of
from provisioner.loading.action import VARIABLE_PARAMS, canonical, is_overridden, params_of
from provisioner.loading.files import absolute_path, shown
from provisioner.loading.reading import Reading, RolePlace, is_template
from provisioner.loading.roles import PARTS, not_a_name
from provisioner.loading.variables import LOCAL
from provisioner.model.keywords import Keywords
from provisioner.model.task import Task
from provisioner.records import dataclass
from provisioner.remote.params import Parameters, Problem, boolean, may_vanish

_SOURCES = {
    "template": ("templates", "src"),
    "copy": ("files", "src"),
    "unarchive": ("files", "src"),
    "script": ("files", "_raw_params"),
    "include_vars": ("vars", "file"),
}
"""Actions that read a file of the controller: the folder it lies in, and the parameter that names it."""

READ_WHILE_LOADING = frozenset({"include_tasks", "include_role"})
"""Actions whose parameters Ansible looks at before anything runs."""

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a task. ``lenient``: it may never run, so a missing file is no error; ``caught``: a failure is
    expected (``ignore_errors``, ``rescue``), so nothing about it is more than a warning.

    ``defaulted`` are the modules for which ``module_defaults`` give parameters.
    """

    basedir: str
    role: RolePlace | None = None
    lenient: bool = False
    caught: bool = False
    in_handlers: bool = False
    defaulted: frozenset[str] = frozenset()

    def within(self, keywords: Keywords) -> Around:
        """Return what surrounds something inside these keywords."""
        caught = self.caught or bool(keywords.ignore_errors)
        lenient = self.lenient or caught or bool(keywords.when)
        defaulted = self.defaulted
        for layer in keywords.module_defaults:
            defaulted |= {_ANY} if _reaches_others(layer) else {canonical(str(name)) for name in layer}
        if (lenient, caught, defaulted) == (self.lenient, self.caught, self.defaulted):
            return self
        return replace(self, lenient=lenient, caught=caught, defaulted=defaulted)


_CHOOSING = {"apt", "dnf", "dnf5", "yum", "systemd", "sysvinit", "setup"}
"""Modules that another one (package, service, gather_facts) may choose, with their defaults."""


def _reaches_others(layer: object) -> bool:
    """Tell whether a layer of ``module_defaults`` counts for modules it does not name: groups, and chosen modules."""
    if not isinstance(layer, dict):
        return True
    return any(str(name).startswith("group/") or canonical(str(name)) in _CHOOSING for name in layer)


def works_here(task: Task) -> bool:
    """Tell whether a task may make files on this machine."""
    keywords = task.keywords
    if task.action == "fetch" or keywords.connection == "local":
        return True
    return isinstance(keywords.delegate_to, str) and (
        is_template(keywords.delegate_to) or keywords.delegate_to in LOCAL
    )


def check_task(task: Task, around: Around, reading: Reading) -> None:
    """Record unknown, missing and wrong parameters, and missing files."""
    for part in PARTS if task.action == "include_role" else ():
        if task.args.get(part) is not None and not isinstance(task.args[part], str):
            reading.error(not_a_name(part, task.args[part]), task.position)
    declared = params_of(task.action)
    place = replace(reading, basedir=around.basedir, role=around.role)
    if declared is not None and not is_overridden(task.written_action, place):
        _check_params(task, declared, around, reading)
    if task.action in _SOURCES:
        _check_source(task, around, reading)


def _check_params(task: Task, declared: type[Parameters], around: Around, reading: Reading) -> None:
    args = task.args
    is_partial = VARIABLE_PARAMS in args or task.action in around.defaulted or _ANY in around.defaulted
    given = {key: value for key, value in args.items() if key != VARIABLE_PARAMS}
    for problem in declared.problems(given, is_template):
        if (is_partial and problem.parameter not in given) or _is_for_another(problem, declared, given):
            continue
        where = _place(problem, args) or task.position
        hint = ""
        if problem.parameter and problem.parameter not in declared.names():
            hint = nearest(problem.parameter, declared.names())
        text = f"{task.written_action}: {problem.message}"
        if task.action in READ_WHILE_LOADING:
            known_as = f"No file specified for {task.written_action}" if "file" in problem.wrong.names else ""
            reading.error(text, where, hint=hint, known_as=known_as)
        else:
            vanishes = "unknown parameter" in problem.message and _may_vanish(problem, given)
            is_certain = not around.caught and not vanishes
            reading.mistake(text, where, hint=hint, is_certain=is_certain)


def _is_for_another(problem: Problem, declared: type[Parameters], given: Mapping[str, object]) -> bool:
    """Tell whether it is none for the collection's module that is asked for; if there is one, only the run knows."""
    if problem.wrong.kind == "missing":
        return any(key in declared.beyond or f"{key}={value}" in declared.beyond for key, value in given.items())
    return problem.wrong.kind == "unknown" and problem.parameter in declared.beyond


def _may_vanish(problem: Problem, given: Mapping[str, object]) -> bool:
    """Tell whether the value is a template that may turn out as ``omit``: then nobody sees the parameter."""
    value = given.get(problem.parameter)
    return is_template(value) and may_vanish(value)


def _place(problem: Problem, args: Mapping[str, object]) -> Position | None:
    for key, value in args.items():
        if key == problem.parameter:
            own = value.position if isinstance(value, Text) and "unknown parameter" not in problem.message else None
            return own or position_of(key)
    return None


def _check_source(task: Task, around: Around, reading: Reading) -> None:
    folder, parameter = _SOURCES[task.action]
    value = task.args.get(parameter)
    if not isinstance(value, str) or is_template(value) or not value or VARIABLE_PARAMS in task.args:
        return
    name = _first_word(value) if task.action == "script" else value
    if "://" in name or _on_target(task.args):
        return
    places = source_places(name, folder, around, task.position)
    if any(os.path.exists(place) for place in places):  # noqa: PTH110 - many strings, no objects
        return
    may_appear = around.lenient or name.startswith(("/", "~")) or task.action == "include_vars"
    listed = ", ".join(shown(place) for place in places)
    reading.mistake(f"{task.written_action}: file '{name}' does not exist", position_of(value) or task.position,
                    detail=f"looked for {listed}", is_certain=not may_appear)  # fmt: skip


def _on_target(args: Mapping[str, object]) -> bool:
    """Tell whether the file lies on the target, or may."""
    for key, on_target in (("remote_src", True), ("copy", False)):
        value = args.get(key)
        if value is None:
            continue
        if is_template(value):
            return True
        try:
            if boolean(value) is on_target:
                return True
        except ValueError:
            return True
    return "content" in args


def _first_word(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return words[0] if words else text


def source_places(name: str, folder: str, around: Around, position: Position) -> list[str]:
    """Return where a file named by a task is looked for, the first found counts."""
    if name.startswith(("/", "~")):
        return [absolute_path(name, around.basedir)]
    homes = [role.path for role in (around.role.chain() if around.role else ())]
    beside = os.path.dirname(absolute_path(position.source.name, str(Path.cwd())))  # noqa: PTH120
    found = []
    for home in dict.fromkeys([*homes, beside, around.basedir]):
        found += [absolute_path(f"{folder}/{name}", home), absolute_path(name, home)]
    return list(dict.fromkeys(found))
