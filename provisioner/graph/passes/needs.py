"""Explicit edges: ``needs`` names an ``id``; what needs it runs after it, on every host.

Before plays are flattened, ``arrange`` has sorted siblings so that file order and needs agree; here the graph gets one
barrier for each need, as it holds across hosts.
"""

from __future__ import annotations

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Edge, Kind, Operation


def apply(graph: Graph) -> None:
    """Connect the last operation of each needed unit, through a barrier, to the first that needs it."""
    last: dict[str, Operation] = {}
    for operation in graph.tasks:
        for unit in operation.units:
            last[unit] = operation
    met: set[tuple[str, tuple[str, ...]]] = set()
    for operation in list(graph.tasks):
        for need in operation.needs:
            if need in last and (need, operation.needs) not in met:
                met.add((need, operation.needs))
                _connect(graph, last[need], operation)


def _connect(graph: Graph, needed: Operation, needing: Operation) -> None:
    barrier = Operation(f"{needed.id}>{needing.id}", Kind.BARRIER, needed.play, needing.position)
    graph.add(barrier)
    graph.connect(needed.id, barrier.id, Edge.NEEDS)
    graph.connect(barrier.id, needing.id, Edge.NEEDS)
