"""What hosts and commands answered never becomes part of a condition's own text."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.templating.errors import TemplateError
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

EVIL = "lookup('pipe', 'touch /nowhere')"
SCOPE = Scope(
    [
        Layer(Level.PLAY_VARS, "v", {"name": "web", "outer": "{{ r.stdout }}"}),
        Layer(Level.FACTS, "facts", {"ansible_os": "Debian"}, rendered=True),
        Layer(Level.SET_FACTS, "s", {"r": {"stdout": EVIL, "ok": True}, "word": "a-1", "evil": EVIL}, rendered=True),
        Layer(Level.MAGIC, "magic", {"inventory_hostname": "h1"}, rendered=True),
    ]
)


@pytest.mark.parametrize(
    "condition",
    ["'{{ r.stdout }}' == 'x'", "\"foo\" in {{ r.stdout }}", "{{ outer }} == 1", "'{{ ansible_os }}' == 'Debian'",
     "{{ evil }}", "{% if true %}{{ evil }}{% endif %}"],
)  # fmt: skip
def test_data_in_a_templated_condition_is_refused(condition: str) -> None:
    with pytest.raises(TemplateError, match="Conditional is marked as unsafe, and cannot be evaluated"):
        Renderer().condition([condition], SCOPE)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [("'{{ name }}' == 'web'", True), ("{{ r.ok }}", True), ("'{{ word }}' == 'a-1'", True),
     ("'{{ inventory_hostname }}' == 'h2'", False), ("r.stdout == evil", True)],
)  # fmt: skip
def test_what_the_author_wrote_or_is_harmless_may_be_part_of_it(condition: str, holds: bool) -> None:
    assert Renderer().condition([condition], SCOPE) is holds


def test_a_templated_condition_is_remarked_with_its_text() -> None:
    heard: list[Diagnostic] = []
    Renderer(RenderSettings(warn=heard.append)).condition(
        ["{{ name }} == web"], SCOPE.with_layers(Layer(Level.EXTRA_VARS, "e", {"web": "web"}))
    )
    assert len(heard) == 1
    assert heard[0].summary.endswith("Found: {{ name }} == web")


def test_a_condition_that_is_neither_true_nor_false_is_remarked() -> None:
    heard: list[Diagnostic] = []
    renderer = Renderer(RenderSettings(warn=heard.append))
    assert renderer.condition(["name", "r.ok", "name == 'web'"], SCOPE)
    assert not renderer.condition(["'' | length"], SCOPE)
    assert [each.summary.split(".")[0] for each in heard] == [
        "Conditional result was of type 'str'",
        "Conditional result was of type 'int'",
    ]
    silent = RenderSettings(
        warn=heard.append, configuration=Configuration({"ANSIBLE_DEPRECATION_WARNINGS": "no"}, Path("/"))
    )
    assert Renderer(silent).condition(["name"], SCOPE)
    assert len(heard) == 2
