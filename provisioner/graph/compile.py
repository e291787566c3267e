"""Compiles a play to its graph: a visible list of passes, each a small step with a name.

The same passes compile what is only known while running (included files, a role, the handlers to flush), as fragments
whose nodes hang between their include and its join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from provisioner.diagnostics.errors import InputError
from provisioner.graph.expand import Expansion, Place, role_layers, roles_of
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Branch, Kind, Operation
from provisioner.graph.passes import barriers, facts, joins, needs, once, order, proofs, tags, together
from provisioner.model.keywords import Keywords
from provisioner.model.play import Play
from provisioner.model.task import Block, Node, RoleUse, Task
from provisioner.records import dataclass
from provisioner.variables.scope import Layer, Level

STRATEGIES = ("linear", "free", "host_pinned", "graph")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks run: ``--tags`` and ``--skip-tags``. ``only_proofs``: nothing but the checks of ``verify``."""

    tags: frozenset[str] = frozenset({"all"})
    skip: frozenset[str] = frozenset()
    only_proofs: bool = False


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class CompiledPlay:
    """A play's graph, its handlers in the order in which they run, and what its roles show to all of it."""

    play: Play
    id: str
    graph: Graph
    handlers: tuple[Operation, ...]
    public: tuple[Layer, ...]
    selection: Selection


def compile_play(play: Play, index: int, selection: Selection = EVERYTHING) -> CompiledPlay:
    """Return the graph of ``play``; InputError where ``needs`` or ``strategy`` cannot be honoured."""
    name = str(index)
    play = replace(play, strategy=_known_strategy(play))
    if selection.only_proofs:
        play = proofs.only(play)
    expansion = Expansion(f"{name}.")
    operations = list(_sections(play, name, expansion))
    graph = _build(_selected(operations, selection), play.strategy)
    handlers = tuple(_handlers(play, name))
    return CompiledPlay(play, name, graph, handlers, public_layers(play), selection)


def plain_strategy(written: str) -> str:
    """Return a strategy's short name."""
    return written.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")


def _known_strategy(play: Play) -> str:
    """Return the play's strategy; a template is rendered when the play's turn comes, until then it is linear."""
    name = plain_strategy(play.strategy)
    if "{{" in name or name in STRATEGIES:
        return name
    hint = f"one of {', '.join(STRATEGIES)}"
    if name == "debug":
        raise InputError.at(play.position, "there is no strategy 'debug': tasks cannot be debugged step by step",
                            hint=f"{hint}; --step asks before each task")  # fmt: skip
    raise InputError.at(play.position, f"unknown strategy '{play.strategy}'", hint=hint)


def _selected(
    operations: Iterable[Operation], selection: Selection, around: tuple[Branch, ...] = ()
) -> Iterable[Operation]:
    written = list(operations)
    return tags.without_empty_rescues(tags.apply(written, selection.tags, selection.skip), around, written)


def compile_fragment(nodes: Sequence[Node], place: Place, prefix: str, compiled: CompiledPlay) -> Graph:
    """Return the graph of nodes that became known while the play runs (an included file or role)."""
    if compiled.selection.only_proofs:
        nodes = proofs.only_nodes(nodes)
    operations = list(Expansion(prefix).walk(nodes, place))
    return _build(_selected(operations, compiled.selection, place.branches), compiled.play.strategy)


def behind_barrier(graph: Graph, operation: Operation) -> Graph:
    """Let hosts wait for each other before the graph of one group of an include, so that they enter it together."""
    roots = [o.id for o in graph.operations if not graph.before(o.id)]
    barrier = Operation(f"{roots[0]}<", Kind.BARRIER, operation.play, operation.position)
    graph.add(barrier)
    for root in roots:
        graph.connect(barrier.id, root)
    return graph


def compile_flush(flush: str, handlers: Sequence[Operation], strategy: str, branches: tuple[Branch, ...] = ()) -> Graph:
    """Return the graph of one flush: the handlers in order, as operations of their own where the flush stands."""
    copies = [replace(h, id=f"{flush}/{h.id}", handler=h.id, branches=(*branches, *h.branches)) for h in handlers]
    return _build(copies, strategy)


def _build(operations: Iterable[Operation], strategy: str) -> Graph:
    graph = Graph()
    for operation in operations:
        graph.add(operation)
    once.apply(graph, strategy)  # what one host runs for all
    order.apply(graph)  # the chain of one host, as written
    joins.apply(graph)  # a place where included tasks come together again
    barriers.apply(graph, strategy)  # where hosts wait for each other
    needs.apply(graph)  # explicit edges, which also hold across hosts
    together.apply(graph, strategy)  # expansions shared by hosts that wait anyway
    _validate(graph)
    return graph


def _sections(play: Play, name: str, expansion: Expansion) -> Iterable[Operation]:
    place = Place(play=name, keywords=play.keywords)
    handled = bool(play.handlers) or any(use.role.handlers for use in roles_of(play)) or _includes(play)
    yield from facts.gathering(play, place, expansion)
    for section, nodes, flush in (
        ("pre_tasks", play.pre_tasks, True),
        ("roles", play.roles, False),
        ("tasks", play.tasks, True),
        ("post_tasks", play.post_tasks, True),
    ):
        yield from expansion.walk(nodes, replace(place, section=section))
        if flush and handled:
            yield Operation(
                expansion.next_id(),
                Kind.FLUSH,
                name,
                play.position,
                keywords=Keywords(tags=("always",)),
                section=section,
            )
    yield from expansion.walk(proofs.of_play(play), replace(place, section="verify"))


def _includes(play: Play) -> bool:
    """Tell whether a dynamic role include may bring handlers."""
    return any(_has_role_include(n) for n in (*play.pre_tasks, *play.roles, *play.tasks, *play.post_tasks))


def _has_role_include(node: Node) -> bool:
    if isinstance(node, Task):
        return node.action in {"include_role", "include_tasks"}
    nodes: Iterable[Node] = node.role.tasks if isinstance(node, RoleUse) else (*node.block, *node.rescue, *node.always)
    return any(_has_role_include(n) for n in nodes)


def _handlers(play: Play, name: str) -> Iterable[Operation]:
    """Yield the play's handlers: those of its roles first, in order of use, then its own."""
    expansion = Expansion(f"{name}.h")
    place = Place(play=name, keywords=replace(play.keywords, tags=()), section="handlers")
    seen: set[str] = set()
    for top in (play.roles, play.pre_tasks, play.tasks, play.post_tasks):
        for use, around in _placed(top, place, expansion):
            if use.role.path not in seen:
                seen.add(use.role.path)
                yield from role_handlers(use, around, expansion)
    yield from _flattened(play.handlers, place, expansion)


def _placed(nodes: Iterable[Node], place: Place, expansion: Expansion) -> Iterator[tuple[RoleUse, Place]]:
    """Yield every role use with the place of its handlers: those of a dependency see what its role was given."""
    for node in nodes:
        if isinstance(node, RoleUse):
            keywords = replace(node.keywords, tags=(), when=()).inherit(place.keywords)
            around = expansion.around(node, replace(place, keywords=keywords))
            yield from _placed(node.role.dependencies, around, expansion)
            yield node, place
            yield from _placed(node.role.tasks, place, expansion)
        elif isinstance(node, Block):
            yield from _placed((*node.block, *node.rescue, *node.always), place, expansion)


def role_handlers(use: RoleUse, place: Place, expansion: Expansion) -> Iterable[Operation]:
    """Yield the handlers of one role, with the role's keywords and variables around them."""
    keywords = replace(use.keywords, tags=(), when=()).inherit(place.keywords)
    inner = expansion.inside(use, replace(place, keywords=keywords))
    yield from _flattened(use.role.handlers, inner, expansion)


def _flattened(handlers: Iterable[Task | Block], place: Place, expansion: Expansion) -> Iterable[Operation]:
    for handler in handlers:
        if isinstance(handler, Task) and handler.is_flush:
            raise InputError.at(handler.position, "flush_handlers cannot be used as a handler")
        yield from expansion.walk((handler,), place)


def _validate(graph: Graph) -> None:
    path = graph.cycle()
    if path:
        steps = [f"{graph[n].title} ({graph[n].position})" for n in path if graph[n].task is not None]
        raise InputError.at(graph[path[0]].position, "tasks wait for each other in a circle", detail="\n".join(steps))


def public_layers(play: Play) -> tuple[Layer, ...]:
    """Return what the play's static roles show to all of it: their defaults and vars, without parameters."""
    found: list[Layer] = []
    for use in roles_of(play):
        if use.public:
            found += (layer for layer in role_layers(use.role, {}) if layer.level is not Level.ROLE_PARAMS)
    return tuple(found)
