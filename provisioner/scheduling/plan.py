"""The graph as the run state walks it: numbered nodes with plain lists, and fragments spliced in while running."""

from __future__ import annotations

from array import array
from collections import deque

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind, Operation
from provisioner.model.keywords import UNSET


class Node:
    """One node. ``open`` counts instances that have not arrived (barriers, shared expansions, run_once)."""

    __slots__ = (
        "after",
        "asked",
        "before",
        "chosen",
        "hosts",
        "index",
        "is_open",
        "locks",
        "once",
        "open",
        "operation",
        "parties",
        "pending",
        "waiting",
    )

    def __init__(self, index: int, operation: Operation, parties: tuple[str, ...]) -> None:
        self.index = index
        self.operation = operation
        self.before: list[int] = []
        self.after: list[int] = []
        self.parties = parties
        """Every host whose way leads through here."""
        self.hosts: frozenset[str] | None = None
        """Those of them that really run it; None means all."""
        self.open = 0
        self.pending: list[tuple[str, tuple[str, ...]]] = []
        self.chosen = ""
        self.once = operation.runs_once and len(parties) > 1
        self.is_open = operation.asks_first
        """Whether a host has yet to say how the operation is run."""
        self.asked = ""
        self.waiting: deque[str] = deque()
        self.locks = locks(operation)

    @property
    def kind(self) -> Kind:
        """The operation's kind."""
        return self.operation.kind


def locks(operation: Operation) -> tuple[tuple[str, int], ...]:
    """Return (name, how many may hold it) of the operation's locks and throttle."""
    found = [(f"lock:{name}", 1) for name in operation.keywords.lock]
    throttle = operation.keywords.throttle
    if throttle is not UNSET and str(throttle).isdigit() and int(throttle) > 0:
        found.append((f"throttle:{operation.id}", int(throttle)))
    return tuple(dict.fromkeys(found))


class Plan:
    """All nodes of one batch; grows when something expands."""

    def __init__(self, graph: Graph, hosts: tuple[str, ...]) -> None:
        self.nodes: list[Node] = []
        self.roots, _ = self.add(graph, hosts)
        self.template = array("H", (self._waits(n) for n in self.nodes))

    def add(self, graph: Graph, parties: tuple[str, ...]) -> tuple[list[int], list[int]]:
        """Add a graph for ``parties``; return the numbers of its roots and its sinks."""
        first = len(self.nodes)
        numbers: dict[str, int] = {}
        for operation in graph.operations:
            numbers[operation.id] = len(self.nodes)
            self.nodes.append(Node(len(self.nodes), operation, parties))
        for before, after, _ in graph.edges():
            self.connect(numbers[before], numbers[after])
        added = self.nodes[first:]
        for node in added:
            node.open = len(parties) * (max(1, len(node.before)) if node.kind is Kind.BARRIER else 1)
        return [n.index for n in added if not n.before], [n.index for n in added if not n.after]

    def connect(self, before: int, after: int) -> None:
        """Let one node wait for another."""
        self.nodes[before].after.append(after)
        self.nodes[after].before.append(before)

    def _waits(self, node: Node) -> int:
        return len(node.before)
