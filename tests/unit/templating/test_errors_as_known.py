"""What a failed task says of a template begins as playbooks know it from Ansible; our own finding follows."""

from __future__ import annotations

import pytest

from provisioner.templating.errors import TemplateError
from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Level, Scope

VALUES = {"d": {"a": 1}, "chained": "{{ nope + 1 }}", "round": "{{ about }}", "about": "{{ round }}"}
SCOPE = Scope([Layer(Level.PLAY_VARS, "v", VALUES)])


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ nope }}", "The task includes an option with an undefined variable. The error was: 'nope' is undefined"),
        ("{{ d.x }}", "The task includes an option with an undefined variable. The error was: 'dict object' has no "
                      "attribute 'x'"),
        ("{{ chained }}", "The task includes an option with an undefined variable. The error was: {{ nope + 1 }}: "),
        ("{{ 1 + 'a' }}", "Unexpected templating type error occurred on ({{ 1 + 'a' }}): unsupported operand type(s)"),
        ("{{ 1 / 0 }}", "An unhandled exception occurred while templating '{{ 1 / 0 }}'. Error was a <class 'Zero"),
        ("{{ hey | mandatory }}", "Mandatory variable 'hey'  not defined."),
        ("{{ hi +}}", "template error while templating string: unexpected 'end of print statement'. String: {{ hi +}}"),
        ("{{ 1 | nofilter }}", "template error while templating string: Could not load \"nofilter\": 'nofilter'."),
        ("{{ lookup('nolook') }}", "lookup plugin (nolook) not found"),
        ("{{ round }}", "recursive loop detected in template: 'round' is defined in terms of itself: round -> about"),
        ("{{ undef() }}", "The task includes an option with an undefined variable. The error was: Mandatory"),
        ("{{ lookup('vars', a='a', a='b') }}", "template error while templating string: keyword argument repeated"),
    ],
)  # fmt: skip
def test_a_failed_template_says_so_in_known_words(template: str, said: str) -> None:
    with pytest.raises(TemplateError) as raised:
        Renderer().render(template, SCOPE)
    assert raised.value.said().startswith(said)


def test_a_failed_condition_names_the_condition() -> None:
    with pytest.raises(TemplateError) as raised:
        Renderer().condition(["d.x == 1"], SCOPE)
    known = "The conditional check 'd.x == 1' failed. The error was: error while evaluating conditional (d.x == 1): "
    assert raised.value.said().startswith(f"{known}'dict object' has no attribute 'x'")
    with pytest.raises(TemplateError) as raised:
        Renderer().condition(["'a' | urlsplit('b')"], SCOPE)
    assert raised.value.said().startswith(
        "The conditional check ''a' | urlsplit('b')' failed. The error was: urlsplit:"
    )
