"""Marks includes and flushes whose expansions are shared: hosts that wait for each other anyway expand once."""

from __future__ import annotations

from dataclasses import replace

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind


def apply(graph: Graph, strategy: str) -> None:
    """Set ``gathers`` on everything that expands, under a strategy with barriers between tasks."""
    if strategy != "linear":
        return
    for operation in list(graph.operations):
        if operation.is_include or operation.kind is Kind.FLUSH:
            graph.add(replace(operation, gathers=True))
