"""What networkx knows about a graph: circles, layers, edges that others imply. Imported only where it is asked."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

Edges = Iterable[tuple[str, str]]


def cycle(nodes: Iterable[str], edges: Edges) -> tuple[str, ...]:
    """Return the nodes of one cycle in order, or nothing where there is none."""
    try:
        return tuple(before for before, _ in nx.find_cycle(_graph(nodes, edges)))
    except nx.NetworkXNoCycle:
        return ()


def generations(nodes: Iterable[str], edges: Edges) -> list[list[str]]:
    """Return the nodes in layers, each only waiting for earlier layers."""
    return [list(layer) for layer in nx.topological_generations(_graph(nodes, edges))]


def implied(nodes: Iterable[str], edges: Edges) -> set[tuple[str, str]]:
    """Return the edges that other paths imply."""
    whole = _graph(nodes, edges)
    return set(whole.edges) - set(nx.transitive_reduction(whole).edges)


def _graph(nodes: Iterable[str], edges: Edges) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return graph
