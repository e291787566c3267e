"""The graph itself. It keeps who waits for whom; networkx is asked where paths matter, in ``analysis``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from provisioner import catalog
from provisioner.graph.operation import Edge, Kind, Operation

FOR_PEOPLE = frozenset({Edge.DATA, Edge.NOTIFIES})
"""Edges that nothing waits on."""


def _analysis() -> ModuleType:
    """Return what asks networkx. Most runs need none of it, and importing it takes an eighth of a small run."""
    return catalog.part("provisioner.graph.analysis")


class Graph:
    """Operations and the edges between them; acyclic once compiled.

    Nodes keep the order in which they were added, which is the order of the file.
    """

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._after: dict[str, dict[str, Edge]] = {}
        self._before: dict[str, dict[str, Edge]] = {}

    def add(self, operation: Operation) -> None:
        """Add or replace a node."""
        self._operations[operation.id] = operation
        self._after.setdefault(operation.id, {})
        self._before.setdefault(operation.id, {})

    def connect(self, before: str, after: str, edge: Edge = Edge.AFTER) -> None:
        """Let ``after`` wait for ``before``. DATA and NOTIFIES edges are for people: nothing waits on them."""
        self._after[before][after] = edge
        self._before[after][before] = edge

    def is_connected(self, before: str, after: str) -> bool:
        """Tell whether there is an edge of any kind."""
        return after in self._after.get(before, ())

    def disconnect(self, before: str, after: str) -> None:
        """Take an edge away."""
        del self._after[before][after], self._before[after][before]

    def remove(self, node: str) -> None:
        """Take a node and its edges away."""
        for after in list(self._after[node]):
            self.disconnect(node, after)
        for before in list(self._before[node]):
            self.disconnect(before, node)
        del self._operations[node], self._after[node], self._before[node]

    def __contains__(self, node: str) -> bool:
        return node in self._operations

    def __getitem__(self, node: str) -> Operation:
        return self._operations[node]

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def operations(self) -> Iterator[Operation]:
        """Every node in order of the file."""
        return iter(self._operations.values())

    @property
    def tasks(self) -> Iterator[Operation]:
        """The nodes that run something."""
        return (o for o in self._operations.values() if o.kind is Kind.TASK)

    def edges(self) -> Iterator[tuple[str, str, Edge]]:
        """Every edge with its kind."""
        return ((before, after, kind) for before, found in self._after.items() for after, kind in found.items())

    def before(self, node: str) -> tuple[str, ...]:
        """Return what a node waits for."""
        return tuple(before for before, kind in self._before[node].items() if kind not in FOR_PEOPLE)

    def after(self, node: str) -> tuple[str, ...]:
        """Return what waits for a node."""
        return tuple(after for after, kind in self._after[node].items() if kind not in FOR_PEOPLE)

    def cycle(self) -> tuple[str, ...]:
        """Return the nodes of one cycle in order, or nothing where there is none."""
        if not self._has_cycle():
            return ()
        found: tuple[str, ...] = _analysis().cycle(self._operations, self._waiting())
        return found

    def generations(self) -> list[list[str]]:
        """Return the nodes in layers, each only waiting for earlier layers."""
        layers: list[list[str]] = _analysis().generations(self._operations, self._waiting())
        return layers

    def reduce(self) -> Iterable[tuple[str, str]]:
        """Drop AFTER edges that other paths imply already; return the dropped ones."""
        implied: set[tuple[str, str]] = _analysis().implied(self._operations, self._waiting())
        dropped = [(a, b) for a, b, kind in self.edges() if kind is Edge.AFTER and (a, b) in implied]
        for before, after in dropped:
            self.disconnect(before, after)
        return dropped

    def _has_cycle(self) -> bool:
        """Tell whether some nodes are left when those that wait for nothing are taken away again and again."""
        waiting = {node: len(self.before(node)) for node in self._operations}
        free = [node for node, count in waiting.items() if not count]
        done = 0
        while free:
            done += 1
            for after in self.after(free.pop()):
                waiting[after] -= 1
                if not waiting[after]:
                    free.append(after)
        return done < len(waiting)

    def _waiting(self) -> list[tuple[str, str]]:
        return [(before, after) for before, after, kind in self.edges() if kind not in FOR_PEOPLE]
