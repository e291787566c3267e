"""The order of one host: each operation after the one written before it."""

from __future__ import annotations

from itertools import pairwise

from provisioner.graph.graph import Graph


def apply(graph: Graph) -> None:
    """Connect the nodes to a chain in the order in which they were added."""
    for before, after in list(pairwise(graph.operations)):
        graph.connect(before.id, after.id)
