"""Circles in the graph: found whatever the order of the nodes, and not where an edge only informs."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.position import Position, Source
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Edge, Kind, Operation

AT = Position(Source("test.yml"), 1, 1)


@pytest.fixture
def graph() -> Graph:
    """Three nodes in a row."""
    made = Graph()
    for name in ("a", "b", "c"):
        made.add(Operation(name, Kind.JOIN, "p1", AT))
    made.connect("a", "b")
    made.connect("b", "c")
    return made


def test_edges_that_lead_onwards_close_no_circle(graph: Graph) -> None:
    graph.connect("a", "c", Edge.NEEDS)
    assert graph.cycle() == ()


def test_an_edge_that_leads_back_closes_a_circle_and_its_nodes_are_told_in_order(graph: Graph) -> None:
    graph.connect("c", "a", Edge.NEEDS)
    assert sorted(graph.cycle()) == ["a", "b", "c"]
    waits = {(before, after) for before, after, _ in graph.edges()}
    path = graph.cycle()
    assert all(pair in waits for pair in zip(path, (*path[1:], path[0]), strict=True))


def test_an_edge_that_leads_back_alone_is_no_circle(graph: Graph) -> None:
    graph.add(Operation("d", Kind.JOIN, "p1", AT))
    graph.connect("d", "c", Edge.NEEDS)
    assert graph.cycle() == ()


def test_a_node_that_needs_itself_is_a_circle(graph: Graph) -> None:
    graph.connect("b", "b", Edge.NEEDS)
    assert graph.cycle() == ("b",)


def test_nothing_waits_for_a_notification(graph: Graph) -> None:
    graph.connect("c", "a", Edge.NOTIFIES)
    assert graph.cycle() == ()
