"""What is let through without being parsed has nothing wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from provisioner.templating.environment import ScopeEnvironment
from provisioner.templating.plain import FILTERS, TESTS, is_plain_expression, is_plain_template
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import TemplateOptions

ENVIRONMENT = ScopeEnvironment(TemplateOptions(), None)
PIECES = (
    *("{{", "}}", "{{-", "-}}", "{%", "%}", "{#", "#}", "{", "}", "|", "(", ")", "[", "]", ",", ".", "'", '"', "\\"),
    *("+", "~", "-", "==", "!=", "<", ">", "<=", ">=", "=", "and", "or", "not", "is", "in", "if", "else", "for"),
    *("a", "b_1", "item.name", "x['y']", "0", "1", "007", "1.5", "true", "none", "defined", "undefined", "default"),
    *("int", "join", "default('x')", "nope"),
)
texts = st.lists(st.sampled_from([*PIECES, " ", " ", "\n", "é"]), max_size=12).map("".join)
spaced = st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join)


def names_of(tree: nodes.Template) -> set[str]:
    return {node.name for kind in (nodes.Filter, nodes.Test) for node in tree.find_all(kind)}


@given(texts | spaced | spaced.map(lambda text: f"text {{{{ {text} }}}} more"))
def test_a_plain_template_is_one_that_jinja_parses(text: str) -> None:
    if is_plain_template(text):
        assert names_of(ENVIRONMENT.parse(text)) <= set(FILTERS.split())


@given(texts | spaced)
def test_a_plain_expression_is_one_that_jinja_parses(text: str) -> None:
    if is_plain_expression(text):
        assert names_of(ENVIRONMENT.parsed_expression(text)) <= {*FILTERS.split(), *TESTS.split()} | {"in"}


@pytest.mark.parametrize("kind", ["filter", "test"])
def test_the_names_that_are_let_through_exist_without_any_project(kind: str) -> None:
    renderer = Renderer()
    table = renderer._filters if kind == "filter" else renderer._tests
    assert set((FILTERS if kind == "filter" else TESTS).split()) <= table.names()


@pytest.mark.parametrize("text", [
    "{{ root }}/d0", "a {{ b.c['d'] | default('e') }} f {{ g[0] }}", "{{ port + 1 }}", "{{ names | join(', ') }}",
    "{ json }",
])  # fmt: skip
def test_what_playbooks_are_full_of_is_plain(text: str) -> None:
    assert is_plain_template(text)


@pytest.mark.parametrize("text", [
    "ansible_os_family == 'Debian' and number is defined", "not done", "item.state | default('x') != 'absent'",
    "'web' in group_names", "a is not defined or b | int > 3",
])  # fmt: skip
def test_the_conditions_that_playbooks_are_full_of_are_plain(text: str) -> None:
    assert is_plain_expression(text)


@pytest.mark.parametrize(
    "text", ["{{ a b }}", "{{ a | nope }}", "{{ a", "{% if a %}", "{{ if }}", "{{ a. }}", "{{ 'a }}"]
)
def test_what_may_be_wrong_is_left_to_jinja(text: str) -> None:
    assert not is_plain_template(text)


@pytest.mark.parametrize("text", ["a =", "a = b", "a is nonsense", "a and", "is defined", "a b", "a == 'b", ""])
def test_a_condition_that_may_be_wrong_is_left_to_jinja(text: str) -> None:
    assert not is_plain_expression(text)
