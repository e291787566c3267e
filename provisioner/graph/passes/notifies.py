"""Handlers as nodes, and an edge from each operation to the handlers it names: for the reader of a graph.

While running, handlers are expanded at the flush that runs them; what is notified there comes from results.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Edge, Operation


def apply(graph: Graph, handlers: Iterable[Operation]) -> None:
    """Add ``handlers`` and connect constant notifications to them."""
    names: dict[str, list[str]] = {}
    tasks = list(graph.tasks)
    for handler in handlers:
        graph.add(handler)
        for name in (handler.task.name, *handler.task.listen) if handler.task else ():
            names.setdefault(name, []).append(handler.id)
    for operation in tasks:
        for notified in operation.keywords.notify:
            for handler_id in names.get(str(notified), ()):
                graph.connect(operation.id, handler_id, Edge.NOTIFIES)
