"""Data edges: from what sets a variable (``register``, ``set_fact``) to every later operation whose text names it.

They are for the reader of a graph. Order does not come from them: the chain of a host implies them already, and while
running the exact names are known (an operation sent ahead that reads a value not there yet waits for it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Edge, Operation

_WORD = re.compile(r"[A-Za-z_]\w*")


def apply(graph: Graph) -> None:
    """Connect writers with readers; the latest writer of a name counts."""
    writer: dict[str, str] = {}
    for operation in graph.tasks:
        words = names_in(operation)
        for name in sorted(words & writer.keys()):
            if not graph.is_connected(writer[name], operation.id):
                graph.connect(writer[name], operation.id, Edge.DATA)
        for name in names_written(operation):
            writer[name] = operation.id


def names_in(operation: Operation) -> frozenset[str]:
    """Return every word in the text of an operation that may be a variable's name."""
    return frozenset(_WORD.findall(" ".join(_texts(operation))))


def _texts(operation: Operation) -> Iterator[str]:
    task = operation.task
    if task is not None:
        yield from (str(v) for v in (task.args, task.name, task.loop, task.until, task.keywords))


def names_written(operation: Operation) -> Iterator[str]:
    """Yield the variables that an operation sets."""
    task = operation.task
    if task is not None:
        if task.register:
            yield task.register
        if task.action == "set_fact":
            yield from map(str, task.args)
