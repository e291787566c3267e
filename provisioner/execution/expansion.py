"""Loads and compiles what becomes known while running: included files, included roles, the handlers to flush."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.execution.context import PlayContext
from provisioner.execution.outcome import Include
from provisioner.execution.task_run import TaskRun
from provisioner.graph.compile import compile_flush, compile_fragment, role_handlers
from provisioner.graph.expand import Expansion, Place, role_layers
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Branch, Operation
from provisioner.loading.playbook import Inclusion, load_role, load_tasks_file
from provisioner.loading.roles import RoleParts
from provisioner.model.keywords import Keywords
from provisioner.model.task import Node, RoleUse
from provisioner.scheduling.instructions import Expand
from provisioner.variables.scope import Layer, Level

HANDLERS = "handlers"


class Expander:
    """Belongs to one play. ``remember`` is told of includes, ``graph`` is asked for what they bring."""

    def __init__(self, play: PlayContext) -> None:
        self._play = play
        self._includes: dict[tuple[str, str], tuple[TaskRun, Include]] = {}
        self._role_handlers: set[str] = {h.role.path for h in play.handlers if h.role}

    def remember(self, run: TaskRun, includes: Sequence[Include]) -> tuple[str, ...]:
        """Keep includes until their expansion is asked for; return their keys in order."""
        keys = []
        for include in includes:
            keys.append(include.key)
            self._includes.setdefault((run.operation.id, include.key), (run, include))
        return tuple(keys)

    def graph(self, wanted: Expand, number: int, key: str, branches: tuple[Branch, ...]) -> Graph:
        """Return the graph of one group of an Expand instruction; InputError where it cannot be loaded."""
        prefix = f"{wanted.operation}/{wanted.ticket}.{number}."
        if key == HANDLERS:
            return compile_flush(f"{wanted.operation}/{wanted.ticket}", self._play.handlers, self._strategy, branches)
        run, include = self._includes[(wanted.operation, key)]
        place = self._place(run.operation, include)
        inclusion = self._inclusion(run)
        nodes: Sequence[Node]
        if include.kind == "tasks":
            nodes, findings = load_tasks_file(include.name, self._play.run.loading, inclusion)
            if findings.errors:
                raise InputError(findings.errors)
        else:
            nodes = (self._role(run, include, inclusion),)
        return compile_fragment(nodes, place, prefix, self._play.compiled)

    @property
    def _strategy(self) -> str:
        return self._play.compiled.play.strategy

    def _place(self, operation: Operation, include: Include) -> Place:
        """Return where the included tasks stand: beside the include, not inside its own keywords."""
        keywords = operation.outer
        apply = include.options.get("apply")
        if isinstance(apply, Keywords):
            keywords = apply.inherit(keywords)
        layers = (*operation.layers, *_include_layers(operation, include.variables))
        return Place(
            play=operation.play,
            keywords=keywords,
            branches=operation.branches,
            layers=layers,
            role=operation.role,
            section=operation.section,
            units=operation.units,
            needs=operation.needs,
        )

    def _inclusion(self, run: TaskRun) -> Inclusion:
        operation = run.operation
        return Inclusion(
            play=self._play.compiled.play,
            role=operation.role.role if operation.role else None,
            folder=str(Path(operation.position.source.name).parent),
            in_handlers=operation.section == HANDLERS,
            variables=_known_texts(run),
            position=operation.position,
        )

    def _role(self, run: TaskRun, include: Include, inclusion: Inclusion) -> RoleUse:
        options = include.options
        parts = RoleParts(**{name: str(options[name]) for name in _PARTS if options.get(name)})
        role, findings = load_role(include.name, self._play.run.loading, inclusion, parts)
        if role is None or findings.errors:
            raise InputError(findings.errors)
        use = RoleUse(
            replace(role, allow_duplicates=bool(options.get("allow_duplicates", True))), run.operation.position
        )
        self._add_handlers(use, run.operation)
        if options.get("public"):
            self._play.add_layers(*role_layers(role, {}))
        return use

    def _add_handlers(self, use: RoleUse, operation: Operation) -> None:
        if use.role.path in self._role_handlers:
            return
        self._role_handlers.add(use.role.path)
        place = Place(play=operation.play, keywords=replace(operation.outer, tags=(), when=()), section=HANDLERS)
        expansion = Expansion(f"{operation.id}.h")
        for dependency in use.role.dependencies:
            self._add_handlers(dependency, operation)
        self._play.handlers += role_handlers(use, place, expansion)


_PARTS = ("tasks_from", "vars_from", "defaults_from", "handlers_from")


def _include_layers(operation: Operation, item: Mapping[str, object]) -> tuple[Layer, ...]:
    """Return the include's own vars and its loop item as include parameters."""
    own = operation.task.keywords.vars if operation.task else ()
    origin = f"include at {operation.position}"
    found = [Layer(Level.INCLUDE_PARAMS, origin, values) for values in own]
    if item:
        found.append(Layer(Level.INCLUDE_PARAMS, f"loop of the {origin}", item, rendered=True))
    return tuple(found)


def _known_texts(run: TaskRun) -> Mapping[str, object]:
    """Return the host's variables for names of static imports inside the included file, rendered when looked at."""
    return _Variables(run)


class _Variables(Mapping[str, object]):
    def __init__(self, run: TaskRun) -> None:
        self._run, self._scope = run, run.scope()

    def __getitem__(self, name: str) -> object:
        return self._run.renderer.variable(name, self._scope)

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.known_names())

    def __len__(self) -> int:
        return len(self._scope.known_names())
