"""Where hosts wait for each other: a strategy is this pass, not a loop of its own.

linear: between any two operations. graph: only around operations that other hosts can see or that see them
(``run_once``, ``delegate_to``, a module that reaches other hosts). free and host_pinned: only around ``run_once``.
A barrier is one node, so waiting costs hosts + tasks edges, not hosts x hosts.
"""

from __future__ import annotations

from provisioner import catalog
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind, Operation
from provisioner.model.keywords import UNSET


def apply(graph: Graph, strategy: str) -> None:
    """Put a BARRIER on every edge between operations that hosts must pass together."""
    is_shared = {"graph": _can_matter, "free": _runs_once, "host_pinned": _runs_once}.get(strategy, _always)
    for before, after, _ in list(graph.edges()):
        first, second = graph[before], graph[after]
        if second.kind is Kind.JOIN:
            continue
        if is_shared(first) or is_shared(second):
            _separate(graph, first, second)


def _separate(graph: Graph, first: Operation, second: Operation) -> None:
    barrier = Operation(f"{first.id}|", Kind.BARRIER, first.play, second.position)
    graph.disconnect(first.id, second.id)
    graph.add(barrier)
    graph.connect(first.id, barrier.id)
    graph.connect(barrier.id, second.id)


def _always(_operation: Operation) -> bool:
    return True


def _runs_once(operation: Operation) -> bool:
    return operation.runs_once or operation.asks_first


def _can_matter(operation: Operation) -> bool:
    if _runs_once(operation) or operation.keywords.delegate_to not in (UNSET, None, ""):
        return True
    return operation.task is not None and reach(operation.task.action) == "others"


def reach(action: str) -> str:
    """Return ``own`` or ``others``: how far the effects of an action can be seen."""
    for kind in ("action", "module"):
        if action in catalog.names(kind):
            traits = getattr(catalog.load(kind, action), "TRAITS", None)
            return getattr(traits, "reach", "own")
    return "others"
