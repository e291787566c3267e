"""The graph itself: a thin wrapper, so that networkx is named in this room only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx

from provisioner.graph.operation import Edge, Kind, Operation

FOR_PEOPLE = frozenset({Edge.DATA, Edge.NOTIFIES})
"""Edges that nothing waits on."""


class Graph:
    """Operations and the edges between them; acyclic once compiled.

    Nodes keep the order in which they were added, which is the order of the file.
    """

    def __init__(self) -> None:
        self._graph: Any = nx.DiGraph()
        self._operations: dict[str, Operation] = {}

    def add(self, operation: Operation) -> None:
        """Add or replace a node."""
        self._operations[operation.id] = operation
        self._graph.add_node(operation.id)

    def connect(self, before: str, after: str, edge: Edge = Edge.AFTER) -> None:
        """Let ``after`` wait for ``before``. DATA and NOTIFIES edges are for people: nothing waits on them."""
        self._graph.add_edge(before, after, kind=edge)

    def is_connected(self, before: str, after: str) -> bool:
        """Tell whether there is an edge of any kind."""
        return bool(self._graph.has_edge(before, after))

    def disconnect(self, before: str, after: str) -> None:
        """Take an edge away."""
        self._graph.remove_edge(before, after)

    def remove(self, node: str) -> None:
        """Take a node and its edges away."""
        self._graph.remove_node(node)
        del self._operations[node]

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
        return ((a, b, kind) for a, b, kind in self._graph.edges(data="kind"))

    def before(self, node: str) -> tuple[str, ...]:
        """Return what a node waits for."""
        return tuple(p for p in self._graph.predecessors(node) if self._graph.edges[p, node]["kind"] not in FOR_PEOPLE)

    def after(self, node: str) -> tuple[str, ...]:
        """Return what waits for a node."""
        return tuple(s for s in self._graph.successors(node) if self._graph.edges[node, s]["kind"] not in FOR_PEOPLE)

    def cycle(self) -> tuple[str, ...]:
        """Return the nodes of one cycle in order, or nothing where there is none."""
        place = {node: number for number, node in enumerate(self._operations)}
        if all(place[a] < place[b] for a, b, kind in self.edges() if kind is not Edge.NOTIFIES):
            return ()  # edges that all lead onwards in the file close no circle, and hardly a play has others
        waiting = nx.subgraph_view(self._graph, filter_edge=self._waits)
        try:
            return tuple(a for a, _ in nx.find_cycle(waiting))
        except nx.NetworkXNoCycle:
            return ()

    def generations(self) -> list[list[str]]:
        """Return the nodes in layers, each only waiting for earlier layers."""
        waiting = nx.subgraph_view(self._graph, filter_edge=self._waits)
        return [list(layer) for layer in nx.topological_generations(waiting)]

    def reduce(self) -> Iterable[tuple[str, str]]:
        """Drop AFTER edges that other paths imply already; return the dropped ones."""
        waiting: Any = nx.DiGraph(nx.subgraph_view(self._graph, filter_edge=self._waits))
        kept = nx.transitive_reduction(waiting)
        dropped = [(a, b) for a, b, k in self._graph.edges(data="kind") if k is Edge.AFTER and not kept.has_edge(a, b)]
        self._graph.remove_edges_from(dropped)
        return dropped

    def _waits(self, before: str, after: str) -> bool:
        return bool(self._graph.edges[before, after]["kind"] not in FOR_PEOPLE)
