"""Loads and compiles what becomes known while running: included files, included roles, the handlers to flush."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.execution.context import PlayContext
from provisioner.execution.outcome import Include
from provisioner.execution.task_run import TaskRun
from provisioner.graph.compile import compile_flush, compile_fragment, role_handlers
from provisioner.graph.expand import Expansion, Place, role_layers, roles_in
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Operation, enclosed
from provisioner.loading.playbook import Inclusion, included_path, load_role, load_tasks_file
from provisioner.loading.roles import RoleParts
from provisioner.model.keywords import Keywords
from provisioner.model.task import Node, RoleUse
from provisioner.variables.scope import Layer, Level

HANDLERS = "handlers"


def _named(operation: Operation) -> object:
    """Return the role's name as the task is written, None where it includes something else."""
    args = operation.task.args if operation.task is not None else {}
    return args.get("name", args.get("role"))


class Expander:
    """Belongs to one play. ``remember`` is told of includes, ``graph`` is asked for what they bring."""

    def __init__(self, play: PlayContext) -> None:
        self._play = play
        self._seen: dict[str, int] = {}
        self._paths: dict[tuple[str, str], str] = {}
        self._includes: dict[tuple[str, str], tuple[TaskRun, Include]] = {}
        self._role_handlers: set[str] = {h.role.path for h in play.handlers if h.role}

    def remember(self, run: TaskRun, includes: Sequence[Include]) -> tuple[str, ...]:
        """Keep includes until their expansion is asked for; return their keys in order."""
        keys = keys_of(includes)
        for key, include in zip(keys, includes, strict=True):
            self._includes.setdefault((run.operation.id, key), (run, include))
        return keys

    def graph(self, operation: Operation, key: str, hosts: Sequence[str]) -> Graph:
        """Return the graph of one group of an Expand instruction; InputError where it cannot be loaded."""
        prefix = self._prefix(operation, key, hosts)
        if key == HANDLERS:
            return compile_flush(prefix, self._play.handlers, self._strategy, operation.branches)
        run, include = self._includes[(operation.id, key)]
        place = self._place(run.operation, include)
        inclusion = self._inclusion(run)
        nodes: Sequence[Node]
        if include.kind == "tasks":
            nodes, findings = load_tasks_file(include.name, self._play.run.loading, inclusion)
            if findings.errors:
                raise InputError(findings.errors)
            self._paths[operation.id, key] = included_path(include.name, self._play.run.loading, inclusion)
        else:
            nodes = (self._role(run, include, inclusion),)
        for use in roles_in(nodes):
            self._play.run.loading.use_role(use.role.path)
            self._add_handlers(use, run.operation, place)
        return compile_fragment(nodes, place, f"{prefix}.", self._play.compiled)

    def brought(self, run: TaskRun) -> list[str]:
        """Return what a task's includes brought, files by their whole path."""
        includes = run.effects.includes
        places = zip(keys_of(includes), includes, strict=True)
        return [self._paths.get((run.operation.id, key), include.name) for key, include in places]

    def _prefix(self, operation: Operation, key: str, hosts: Sequence[str]) -> str:
        """Return what the ids of the included operations begin with: the same in every run that comes by here.

        A run that is resumed finds by them what was done, whatever order hosts answered in. Where all hosts of a batch
        are waited for, the same include is shared by whichever of them came this far.
        """
        what = f"{key}" if operation.gathers else f"{key}\0{hosts[0]}"
        prefix = f"{operation.id}/{hashlib.sha256(what.encode()).hexdigest()[:8]}"
        count = self._seen[prefix] = self._seen.get(prefix, 0) + 1
        return prefix if count == 1 else f"{prefix}~{count}"

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
            branches=enclosed(operation.branches),
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
            position=position_of(_named(operation)) or operation.position,
        )

    def _role(self, run: TaskRun, include: Include, inclusion: Inclusion) -> RoleUse:
        options = include.options
        parts = RoleParts(**{name: str(options[name]) for name in _PARTS if options.get(name)})
        role, findings = load_role(include.name, self._play.run.loading, inclusion, parts)
        if role is None or findings.errors:
            raise InputError(findings.errors)
        if options.get("rolespec_validate") is False:
            role = replace(role, argument_specs={})
        use = RoleUse(
            replace(role, allow_duplicates=bool(options.get("allow_duplicates", True))),
            run.operation.position,
            is_included=True,
        )
        if self._is_public(options.get("public")):
            self._play.add_layers(*role_layers(role, {}))
        return use

    def _is_public(self, asked: object) -> bool:
        """Tell whether an included role shows what it defines: as it says, else as the configuration does, else no."""
        private = self._play.run.loading.private_role_vars
        return bool(asked) if asked is not None else private is False

    def _add_handlers(self, use: RoleUse, operation: Operation, around: Place) -> None:
        """Add a role's handlers to the play's; they see what is around the include that brought the role."""
        if use.role.path in self._role_handlers:
            return
        self._role_handlers.add(use.role.path)
        keywords = replace(around.keywords, tags=(), when=())
        place = replace(around, keywords=keywords, branches=(), units=(), needs=(), section=HANDLERS)
        expansion = Expansion(f"{operation.id}.h{len(self._role_handlers)}.")
        self._play.handlers += role_handlers(use, place, expansion)


def keys_of(includes: Sequence[Include]) -> tuple[str, ...]:
    """Return a key for each include; what a loop includes twice with equal items is included twice."""
    seen: dict[str, int] = {}
    keys = []
    for include in includes:
        count = seen[include.key] = seen.get(include.key, 0) + 1
        keys.append(include.key if count == 1 else f"{include.key}~{count}")
    return tuple(keys)


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
