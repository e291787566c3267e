"""Templates see values and never the Python behind them, on whatever way they try; the kind of a value may be asked."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.templating.errors import UndefinedVariable
from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Level, Scope

SCOPE = Scope((Layer(Level.EXTRA_VARS, "x", {"a": "text", "b": [1, 2], "odd": {"__class__": "own", "mro": 1}}),))


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__']['__mro__'] }}",
        "{{ '' | attr('__class__') | attr('__base__') }}",
        "{{ [''] | map(attribute='__class__.__mro__') | list }}",
        "{{ a.__init__.__globals__ }}",
        "{{ lookup.__globals__ }}",
        "{{ query.__code__ }}",
        "{{ now.__self__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ joiner.__reduce__() }}",
        "{{ ().__class__.__base__.__subclasses__() }}",
        "{{ ''.__class__.mro() }}",
        "{{ '{0.__init__.__globals__}'.format(lookup) }}",
        "{{ '{0[__init__]}'.format(a) }}",
        "{{ '{x.__init__}'.format_map({'x': a}) }}",
        "{{ (''.format).__self__ }}",
        "{% for x in b %}{{ loop.__init__.__globals__ }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m.__init__ }}",
        "{{ self.__init__ }}",
        "{{ b.__iter__ }}",
        "{{ b.__class__() }}",
    ],
)
def test_internals_are_not_reached(template: str) -> None:
    with pytest.raises(InputError):
        Renderer().render(template, SCOPE)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ a.__class__.__name__ }}", "str"),
        ("{{ b.__class__.__name__ == 'list' }}", True),
        ("{{ true.__class__.__name__ }}", "bool"),
        ("{{ a.__class__ == 'x'.__class__ }}", True),
        ("{{ odd.__class__ }} {{ odd['__class__'] }} {{ odd.mro }}", "own own 1"),
        ("{{ '{} {n:>3} {0[0]}'.format(a, n=5) if false else '{} {n:>3}'.format(a, n=5) }}", "text   5"),
        ("{{ '{a}-{b[1]}'.format_map({'a': a, 'b': b}) }}", "text-2"),
        ("{{ a.__secret__ | default('none') }}", "none"),
        ("{{ a.upper() }}", "TEXT"),
    ],
)
def test_what_is_harmless_works(template: str, value: object) -> None:
    assert Renderer().render(template, SCOPE) == value


def test_a_template_nested_too_deeply_is_an_error_and_no_crash() -> None:
    for text in ("{{ " + "[" * 20000 + "]" * 20000 + " }}", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"):
        with pytest.raises(InputError):
            Renderer().render(text, SCOPE)


@pytest.mark.parametrize(
    "text", ["{{ values[nothere] }}", "{{ values[nothere] | combine({}) }}", "{{ table[nothere] }}"]
)
def test_an_item_whose_name_is_not_defined_is_told_as_that_name(text: str) -> None:
    layer = Layer(Level.EXTRA_VARS, "x", {"values": [1], "table": {"a": 1}})
    with pytest.raises(UndefinedVariable, match="'nothere' is undefined"):
        Renderer().render(text, Scope((layer,)))
