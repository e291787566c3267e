"""Texts with values in between come out as Jinja would make them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from provisioner.templating.environment import Names, ScopeContext, ScopeEnvironment
from provisioner.templating.joined import joined
from provisioner.templating.settings import TemplateOptions
from provisioner.templating.undefined import UndefinedUsed

ENVIRONMENT = ScopeEnvironment(TemplateOptions(), None)
VALUES = {"a": "text", "b": {"c": [1, 2], "items": 3}, "n": 7, "nothing": None, "list": [1, "x"], "true": 5}
PIECES = (
    *("{{ a }}", "{{b.c}}", "{{ b['c'] }}", "{{ list[1] }}", "{{ list[9] }}", "{{ n }}", "{{ nope }}", "{{ nope.x }}"),
    *("{{ b.items }}", "{{ true }}", "{{ self }}", "{{ a | upper }}", "{{ not a }}", "{{ nothing }}", "{{ loop }}"),
    *("{", "}", "}}", "{{", "{%", "{#", "#", " ", "/", "\n", "\\", "'", "é", "text", "{{- a }}", "{{ b.c.0 }}"),
)


class Given:
    def variable(self, name: str) -> Any:
        return VALUES.get(name, ENVIRONMENT.undefined) if name in VALUES else _missing()


def _missing() -> Any:
    from jinja2.utils import missing

    return missing


def output(template: Any) -> Any:
    context = ScopeContext(ENVIRONMENT, Names(Given(), {}, ENVIRONMENT.globals), None, {})  # type: ignore[arg-type]
    try:
        return list(template.root_render_func(context))
    except UndefinedUsed as error:
        return str(error)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_what_is_joined_is_what_jinja_yields(text: str) -> None:
    template = joined(text, ENVIRONMENT)
    if template is None:
        return
    try:
        compiled = ENVIRONMENT.from_string(text)
    except TemplateSyntaxError:
        pytest.fail(f"Jinja does not accept {text!r}")
    assert output(template) == output(compiled)


@pytest.mark.parametrize("text", ["{{ root }}/d0", "a {{ b.c['d'] }} e {{ f[0] }}\n", "{{ item }}", "{ json }"])
def test_what_playbooks_are_full_of_needs_no_compiler(text: str) -> None:
    assert joined(text, ENVIRONMENT) is not None


@pytest.mark.parametrize(
    "text", ["{{ a | upper }}", "{% if a %}", "{{ not a }}", "{{{ a }}", "a\n{{ b }}", "{{ true }}"]
)
def test_what_jinja_has_to_read_is_left_to_it(text: str) -> None:
    assert joined(text, ENVIRONMENT) is None
