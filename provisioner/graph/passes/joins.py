"""Behind everything that expands (includes, flushes) stands a join, where the expanded operations come together."""

from __future__ import annotations

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind, Operation


def apply(graph: Graph) -> None:
    """Insert a JOIN between each expanding operation and what comes after it."""
    for operation in list(graph.operations):
        if not operation.is_include and operation.kind is not Kind.FLUSH:
            continue
        join = Operation(join_id(operation.id), Kind.JOIN, operation.play, operation.position)
        graph.add(join)
        for successor in graph.after(operation.id):
            graph.disconnect(operation.id, successor)
            graph.connect(join.id, successor)
        graph.connect(operation.id, join.id)


def join_id(operation: str) -> str:
    """Return the id of the join behind an expanding operation."""
    return f"{operation}+"
