"""Settles ``run_once`` where it is a template: what was planned free of hosts is made definite for a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Operation


def settled(graph: Graph, decide: Callable[[Operation], bool | None]) -> Graph:
    """Return the graph with each templated ``run_once`` replaced by what ``decide`` says; None leaves it as it is."""
    decided = {o.id: decide(o) for o in graph.operations if _is_template(o)}
    if not decided:
        return graph
    made = Graph()
    for operation in graph.operations:
        answer = decided.get(operation.id)
        keywords = operation.keywords if answer is None else replace(operation.keywords, run_once=answer)
        made.add(replace(operation, keywords=keywords))
    for before, after, edge in graph.edges():
        made.connect(before, after, edge)
    return made


def _is_template(operation: Operation) -> bool:
    return isinstance(operation.keywords.run_once, str) and "{{" in operation.keywords.run_once
