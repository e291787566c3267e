"""Draws graphs: DOT and Mermaid text, an SVG of our own, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from provisioner.graph.compile import CompiledPlay
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Edge, Kind, Operation
from provisioner.graph.passes import data, notifies
from provisioner.records import dataclass

FORMATS = ("dot", "mermaid", "svg", "json")
SHAPES = {Kind.TASK: "box", Kind.FLUSH: "cds", Kind.JOIN: "point", Kind.BARRIER: "diamond"}
STYLES = {Edge.AFTER: "solid", Edge.NEEDS: "bold", Edge.DATA: "dotted", Edge.NOTIFIES: "dashed"}


def draw(plays: Sequence[CompiledPlay], form: str) -> str:
    """Return all plays in one drawing; handlers and who notifies them are added for the reader."""
    graphs = [(play, _for_people(play)) for play in plays]
    match form:
        case "dot":
            return _dot(graphs)
        case "mermaid":
            return _mermaid(graphs)
        case "svg":
            return _svg(graphs)
        case "json":
            return _json(graphs)
        case _:
            raise ValueError(f"'{form}' is not a format; one of {', '.join(FORMATS)}")


Drawn = Sequence[tuple[CompiledPlay, Graph]]


def _for_people(compiled: CompiledPlay) -> Graph:
    """Return a copy of the graph with the edges that are for people: data and notifications."""
    graph = Graph()
    for operation in compiled.graph.operations:
        graph.add(operation)
    for before, after, edge in compiled.graph.edges():
        graph.connect(before, after, edge)
    data.apply(graph)
    notifies.apply(graph, compiled.handlers)
    return graph


def _label(operation: Operation) -> str:
    return operation.title if operation.kind in {Kind.TASK, Kind.FLUSH} else ""


def _dot(graphs: Drawn) -> str:
    lines = ["digraph run {", "  rankdir=TB; node [fontname=Helvetica, fontsize=10];"]
    for compiled, graph in graphs:
        lines += [f"  subgraph cluster_{compiled.id} {{", f"    label={json.dumps(compiled.play.name)};"]
        for o in graph.operations:
            lines.append(f'    "{o.id}" [shape={SHAPES[o.kind]}, label={json.dumps(_label(o))}];')
        lines.append("  }")
        lines += [f'  "{a}" -> "{b}" [style={STYLES[e]}];' for a, b, e in graph.edges()]
    return "\n".join([*lines, "}"])


def _mermaid(graphs: Drawn) -> str:
    lines = ["flowchart TB"]
    arrows = {Edge.AFTER: "-->", Edge.NEEDS: "==>", Edge.DATA: "-.->", Edge.NOTIFIES: "-.->"}
    for compiled, graph in graphs:
        ids = {o.id: f"p{compiled.id}n{number}" for number, o in enumerate(graph.operations)}
        lines.append(f'  subgraph play{compiled.id}["{_quoted(compiled.play.name)}"]')
        for o in graph.operations:
            left, right = ("{", "}") if o.kind is Kind.BARRIER else ("(", ")") if o.kind is Kind.JOIN else ("[", "]")
            lines.append(f'    {ids[o.id]}{left}"{_quoted(_label(o)) or " "}"{right}')
        lines.append("  end")
        lines += [f"  {ids[a]} {arrows[e]} {ids[b]}" for a, b, e in graph.edges()]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")


def _json(graphs: Drawn) -> str:
    plays = []
    for compiled, graph in graphs:
        nodes = [
            {
                "id": o.id,
                "kind": o.kind.value,
                "name": _label(o),
                "action": o.task.action if o.task else "",
                "where": str(o.position),
                "role": o.role.name if o.role else "",
                "tags": list(o.keywords.tags),
                "handler": o.section == "handlers",
            }
            for o in graph.operations
        ]
        edges = [{"from": a, "to": b, "kind": e.value} for a, b, e in graph.edges()]
        plays.append({"play": compiled.play.name, "strategy": compiled.play.strategy, "nodes": nodes, "edges": edges})
    return json.dumps({"version": 1, "plays": plays}, indent=2)


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float


ROW, GAP, HEIGHT, LETTER = 34.0, 24.0, 22.0, 6.4


def _svg(graphs: Drawn) -> str:
    """Return layers of boxes from top to bottom, a play below the other."""
    parts: list[str] = []
    top, widest = 10.0, 400.0
    for compiled, graph in graphs:
        parts.append(f'<text x="10" y="{top + 14}" class="play">{escape(compiled.play.name)}</text>')
        boxes, bottom, width = _layout(graph, top + 30)
        parts += _edges(graph, boxes)
        parts += [_box(graph[name], box) for name, box in boxes.items()]
        top, widest = bottom + 30, max(widest, width)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{widest + 20:.0f}" height="{top:.0f}">'
    style = (
        "<style>text{font:11px sans-serif}.play{font-weight:bold;font-size:14px}rect{fill:#eef4fb;stroke:#46688c}"
        ".handler{fill:#fdf3e1;stroke:#b0802a}.barrier{fill:#ccc}path{fill:none;stroke:#888}"
        ".needs{stroke:#000;stroke-width:2}.notifies{stroke:#b0802a;stroke-dasharray:4 3}"
        ".data{stroke:#5a9;stroke-dasharray:2 3}</style>"
    )
    return "\n".join([head, style, *parts, "</svg>"])


def _layout(graph: Graph, top: float) -> tuple[dict[str, _Box], float, float]:
    boxes: dict[str, _Box] = {}
    widest = 0.0
    y = top
    for layer in graph.generations():
        x = 10.0
        for name in layer:
            operation = graph[name]
            width = len(_label(operation)) * LETTER + 16 if _label(operation) else 14.0
            boxes[name] = _Box(x, y, width)
            x += width + GAP
        widest = max(widest, x)
        y += ROW
    return boxes, y, widest


def _edges(graph: Graph, boxes: dict[str, _Box]) -> list[str]:
    lines = []
    for before, after, edge in graph.edges():
        a, b = boxes[before], boxes[after]
        start, end = f"{a.x + a.width / 2:.0f} {a.y + HEIGHT:.0f}", f"{b.x + b.width / 2:.0f} {b.y:.0f}"
        lines.append(f'<path class="{edge.value}" d="M{start} L{end}"/>')
    return lines


def _box(operation: Operation, box: _Box) -> str:
    kind = "handler" if operation.section == "handlers" else operation.kind.value
    title = escape(str(operation.position))
    text = (
        f'<text x="{box.x + 8:.0f}" y="{box.y + 15:.0f}">{escape(_label(operation))}</text>'
        if _label(operation)
        else ""
    )
    size = f'width="{box.width:.0f}" height="{HEIGHT:.0f}" rx="4"'
    shape = f'<rect class={quoteattr(kind)} x="{box.x:.0f}" y="{box.y:.0f}" {size}>'
    return f"<g>{shape}<title>{title}</title></rect>{text}</g>"
