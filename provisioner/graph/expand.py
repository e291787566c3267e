"""From the tree of a play to operations in file order: keywords inherited, blocks and roles flattened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from provisioner.diagnostics.position import Position
from provisioner.graph.operation import Branch, Kind, Operation, RoleContext, Section, enclosed
from provisioner.graph.passes import proofs
from provisioner.graph.passes.arguments import arguments_checked
from provisioner.graph.passes.guards import with_guard
from provisioner.graph.passes.reverts import with_revert
from provisioner.model.keywords import EMPTY, Keywords
from provisioner.model.play import Play
from provisioner.model.task import UNORDERED, Block, Graphing, Node, Role, RoleUse, Task
from provisioner.records import dataclass
from provisioner.variables.scope import Layer, Level


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the tree the walk is: everything an operation inherits from what is around it."""

    play: str
    keywords: Keywords = EMPTY
    branches: tuple[Branch, ...] = ()
    layers: tuple[Layer, ...] = ()
    role: RoleContext | None = None
    section: str = "tasks"
    units: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def within(self, graphing: Graphing) -> Place:
        """Return this place inside something that carries ``id`` or ``needs``."""
        if graphing == UNORDERED:
            return self
        own = (graphing.id,) if graphing.id else ()
        return replace(self, units=self.units + own, needs=self.needs + graphing.needs)


class Expansion:
    """Walks a tree once; ids count up in file order below ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._count = self._uses = 0
        self._identities: set[str] = set()

    def next_id(self, kind: str = "") -> str:
        """Return the next id."""
        self._count += 1
        return f"{self.prefix}{kind}{self._count}"

    def walk(self, nodes: Iterable[Node], place: Place) -> Iterator[Operation]:
        """Yield the operations of ``nodes``, each with what it inherits from ``place``."""
        for node in map(with_revert, map(with_guard, nodes)):
            if isinstance(node, Task):
                yield self._task(node, place)
                for proof in proofs.of_task(node, place.role.name if place.role else ""):
                    yield self._task(proof, place)
            elif isinstance(node, Block):
                yield from self._block(node, place)
            else:
                yield from self.role(node, place)

    def _task(self, task: Task, place: Place) -> Operation:
        keywords = task.keywords.inherit(place.keywords)
        inner = place.within(task.graphing)
        kind = Kind.FLUSH if task.is_flush and not keywords.when else Kind.TASK
        return Operation(
            id=self.next_id(),
            kind=kind,
            play=place.play,
            position=task.position,
            task=task,
            keywords=keywords,
            outer=place.keywords,
            branches=place.branches,
            layers=place.layers + vars_layers(keywords.vars, task.position),
            role=place.role,
            units=inner.units,
            needs=inner.needs,
            section=place.section,
        )

    def _block(self, block: Block, place: Place) -> Iterator[Operation]:
        inner = replace(place.within(block.graphing), keywords=block.keywords.inherit(place.keywords))
        if not block.rescue and not block.always:
            inner = replace(inner, branches=enclosed(place.branches))
            yield from self.walk((*block.block, *proofs.of_block(block)), inner)
            return
        name = self.next_id("b")
        for section, nodes in (
            (Section.BLOCK, (*block.block, *proofs.of_block(block))),
            (Section.RESCUE, block.rescue),
            (Section.ALWAYS, block.always),
        ):
            branch = Branch(name, section, bool(block.rescue), bool(block.always))
            yield from self.walk(nodes, replace(inner, branches=(*place.branches, branch)))

    def role(self, use: RoleUse, place: Place) -> Iterator[Operation]:
        """Yield a role's dependencies and tasks; a host that has run them already passes them by."""
        keywords = use.keywords.inherit(place.keywords)
        inner = replace(place.within(use.graphing), keywords=keywords, branches=enclosed(place.branches))
        for dependency in use.role.dependencies:
            yield from self.role(dependency, self.around(use, inner))
        tasks = (*arguments_checked(use), *use.role.tasks, *proofs.of_role(use))
        yield from self.walk(tasks, self._in_this_use(use, self.inside(use, inner), place))

    def _in_this_use(self, use: RoleUse, place: Place, outer: Place) -> Place:
        if place.role is None:
            return place
        self._uses += 1
        around = outer.role.uses if outer.role else ()
        identity, repeats = _identity(use, outer), use.role.allow_duplicates
        context = replace(
            place.role,
            uses=(*around, f"{self.prefix}r{self._uses}"),
            identity=identity,
            may_repeat=repeats,
            is_again=not repeats and identity in self._identities,
        )
        self._identities.add(identity)
        return replace(place, role=context)

    def around(self, use: RoleUse, place: Place) -> Place:
        """Return the place of a role's dependencies, which see what belongs to the role that wants them."""
        layers = place.layers + _own_layers(use.role, use.params)
        return replace(place, role=self.inside(use, place).role, layers=layers)

    def inside(self, use: RoleUse, place: Place) -> Place:
        """Return the place of a role's own tasks and handlers."""
        parents = (*place.role.parents, place.role.path) if place.role else ()
        layers = place.layers + role_layers(use.role, use.params)
        return replace(place, role=_context(use.role, parents), layers=layers)


def _identity(use: RoleUse, outer: Place) -> str:
    """Return what two uses of a role share if one of them is enough.

    Of a role that a task brings that is the part of it that runs and the variables around the task; of others also
    what was written beside the name.
    """
    kept: tuple[object, ...]
    if use.is_included:
        around = [layer.values for layer in outer.layers if layer.level in _AROUND_TASKS]
        values = {str(k): v for each in (*around, *outer.keywords.vars, *use.keywords.vars) for k, v in each.items()}
        kept = (use.role.entry_point, sorted(values.items(), key=str))
    else:
        params = sorted(use.params.items(), key=str)
        kept = (use.role.entry_point, params, use.keywords.when, use.keywords.tags, use.keywords.vars)
    return f"{use.role.path} {use.is_included} {kept!r}"


_AROUND_TASKS = frozenset({Level.BLOCK_VARS, Level.TASK_VARS, Level.INCLUDE_PARAMS})


def _context(role: Role, parents: tuple[str, ...]) -> RoleContext:
    return RoleContext(role.name, role.path, parents, role.collection, role)


def vars_layers(values: tuple[Mapping[str, object], ...], position: Position) -> tuple[Layer, ...]:
    """Return the layers of ``vars`` keywords gathered from the outside in; the innermost is the task's own."""
    last = len(values) - 1
    return tuple(
        Layer(Level.TASK_VARS if i == last else Level.BLOCK_VARS, f"vars at {position}", v)
        for i, v in enumerate(values)
    )


def role_layers(role: Role, params: Mapping[str, object]) -> tuple[Layer, ...]:
    """Return a role's own layers: defaults and vars of its dependencies first, then its own, then parameters."""
    found: list[Layer] = []
    for dependency in role.dependencies:
        found += role_layers(dependency.role, {})
    return (*found, *_own_layers(role, params))


def _own_layers(role: Role, params: Mapping[str, object]) -> tuple[Layer, ...]:
    """Return the layers of a role itself, which its dependencies see too."""
    found: list[Layer] = []
    if role.defaults:
        found.append(Layer(Level.ROLE_DEFAULTS, f"role {role.name} defaults", role.defaults))
    if role.vars:
        found.append(Layer(Level.ROLE_VARS, f"role {role.name} vars", role.vars))
    if params:
        found.append(Layer(Level.ROLE_PARAMS, f"role {role.name} parameters", params))
    return tuple(found)


def roles_of(play: Play) -> Iterator[RoleUse]:
    """Yield every role use known without running, dependencies before their role."""
    for section in (play.roles, play.pre_tasks, play.tasks, play.post_tasks):
        yield from roles_in(section)


def roles_in(nodes: Iterable[Node]) -> Iterator[RoleUse]:
    """Yield the role uses among nodes, dependencies before their role."""
    for node in nodes:
        if isinstance(node, RoleUse):
            yield from roles_in(node.role.dependencies)
            yield node
            yield from roles_in(node.role.tasks)
        elif isinstance(node, Block):
            yield from roles_in((*node.block, *node.rescue, *node.always))
