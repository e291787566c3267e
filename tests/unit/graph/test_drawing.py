"""Drawings of a graph: DOT, Mermaid, SVG, JSON."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from provisioner.graph.drawing import FORMATS, draw
from tests.support.plays import compiled, task


def sample() -> list[object]:
    tasks = [task('say "hi" & <go>', notify=("h",)), task("inc", action="include_tasks"), task("c")]
    return [compiled(tasks, handlers=(task("h"),))]


def test_json_tells_nodes_edges_and_who_notifies_whom() -> None:
    (play,) = json.loads(draw(sample(), "json"))["plays"]  # type: ignore[arg-type]
    by_name = {n["name"]: n for n in play["nodes"] if n["kind"] == "task"}
    assert by_name["h"]["handler"] is True
    assert {"from": by_name['say "hi" & <go>']["id"], "to": by_name["h"]["id"], "kind": "notifies"} in play["edges"]
    assert by_name["c"]["where"] == "test.yml:1:1"


def test_dot_quotes_names_and_draws_every_edge() -> None:
    drawn = draw(sample(), "dot")  # type: ignore[arg-type]
    assert drawn.startswith("digraph")
    assert drawn.endswith("}")
    assert r'"say \"hi\" & <go>"' in drawn
    assert "style=dashed" in drawn


def test_mermaid_escapes_quotes() -> None:
    drawn = draw(sample(), "mermaid")  # type: ignore[arg-type]
    assert drawn.startswith("flowchart")
    assert "#quot;hi#quot;" in drawn


def test_svg_is_well_formed_and_holds_a_box_for_each_node() -> None:
    plays = sample()
    root = ElementTree.fromstring(draw(plays, "svg"))  # type: ignore[arg-type]
    boxes = root.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == len(plays[0].graph) + 1  # type: ignore[attr-defined]


def test_another_format_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'png' is not a format; one of dot"):
        draw([], "png")
    assert set(FORMATS) == {"dot", "mermaid", "svg", "json"}
