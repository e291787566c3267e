"""Rendering: what is left alone, what fails and how that is said, and what is kept from being rendered twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, Text, Unsafe
from provisioner.syntax.vault import Vault, VaultSecret, VaultText
from provisioner.templating.errors import RecursiveVariable, TemplateError, UndefinedVariable
from provisioner.templating.omit import OMIT, strip_omit
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, NotYet, Scope

PLAY = """\
- hosts: all
  vars:
    inner: "{{ missing_name }}"
    outer: "{{ inner }}"
  tasks:
    - debug: msg="{{ outer }}"
"""


def scope(**values: object) -> Scope:
    return Scope([Layer(Level.PLAY_VARS, "play vars", values)])


def final(**values: object) -> Scope:
    return Scope([Layer(Level.SET_FACTS, "register", values, rendered=True)])


def text(value: str, line: int, column: int) -> Text:
    return Text(value, Position(Source("play.yml", PLAY), line, column))


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


def test_what_holds_no_template_is_returned_itself(renderer: Renderer) -> None:
    value = {"a": ["text", 1, {"b": None}], "c": True}
    assert renderer.render(value, scope()) is value


def test_only_the_parts_with_templates_are_new(renderer: Renderer) -> None:
    constant = {"x": [1, 2]}
    got = renderer.render({"constant": constant, "list": ["{{ a }}", "b"]}, scope(a=1))
    assert got == {"constant": {"x": [1, 2]}, "list": [1, "b"]}
    assert isinstance(got, dict)
    assert got["constant"] is constant


def test_unsafe_text_is_never_a_template(renderer: Renderer) -> None:
    assert renderer.render({"a": Unsafe("{{ x }}")}, scope(x=1)) == {"a": "{{ x }}"}
    assert renderer.render("{{ u }}", scope(u=Unsafe("{{ x }}"), x=1)) == "{{ x }}"
    assert renderer.text(Unsafe("{{ x }}"), scope(x=1)) == "{{ x }}"


def test_final_data_is_never_rendered_again(renderer: Renderer) -> None:
    assert renderer.render("{{ result.stdout }}", final(result={"stdout": "{{ evil }}"})) == "{{ evil }}"
    assert renderer.render("<{{ name }}>", final(name="{{ evil }}")) == "<{{ evil }}>"


def test_encrypted_values_are_decrypted_when_they_are_used_and_are_no_templates() -> None:
    vault = Vault([VaultSecret("default", b"pw")])
    secret = VaultText(vault.encrypt(b"{{ 1 + 1 }}"))
    renderer = Renderer(RenderSettings(decrypt=vault.reveal))
    assert renderer.render({"p": secret, "q": "<{{ secret }}>"}, scope(secret=secret)) == {
        "p": "{{ 1 + 1 }}",
        "q": "<{{ 1 + 1 }}>",
    }
    with pytest.raises(InputError, match="no vault password"):
        Renderer().render("{{ secret }}", scope(secret=secret))


def test_omit_survives_filters_and_is_taken_out_of_dictionaries_and_lists(renderer: Renderer) -> None:
    args = {"a": "{{ x | default(omit) }}", "b": {"c": "{{ omit }}", "d": ["{{ omit }}", 1]}, "e": "kept"}
    rendered = renderer.render(args, scope())
    assert isinstance(rendered, dict)
    assert rendered["a"] == OMIT
    assert strip_omit(rendered) == {"b": {"d": [1]}, "e": "kept"}
    clean = {"x": [1, {"y": 2}]}
    assert strip_omit(clean) is clean


def test_an_undefined_name_is_said_with_place_expression_way_and_nearest_name(renderer: Renderer) -> None:
    values = {"inner": text("{{ missing_name }}", 3, 12), "outer": text("{{ inner }}", 4, 12), "missing_nam": 1}
    with pytest.raises(UndefinedVariable) as raised:
        renderer.render(text("{{ outer }}", 6, 14), scope(**values))
    found = raised.value.diagnostic
    assert found.summary == "'missing_name' is undefined"
    assert str(found.position) == "play.yml:3:12"
    assert found.detail.splitlines() == [
        "in: {{ missing_name }}",
        "in the value of 'inner' (play vars)",
        "in the value of 'outer' (play vars)",
        "needed at play.yml:6:14",
    ]
    assert found.hint == "did you mean 'missing_nam'?"
    assert (raised.value.name, raised.value.chain) == ("missing_name", ("outer", "inner"))
    assert raised.value.brief == "'missing_name' is undefined: in: {{ missing_name }}"


def test_a_missing_key_is_said_with_the_keys_there_are(renderer: Renderer) -> None:
    with pytest.raises(UndefinedVariable) as raised:
        renderer.render("{{ user.nmae }}", scope(user={"name": "al", "age": 3}))
    assert raised.value.diagnostic.summary == "'nmae' is undefined: the dictionary has no such key"
    assert raised.value.diagnostic.hint == "did you mean 'name'?"


def test_the_line_of_a_template_of_several_lines_is_said(renderer: Renderer) -> None:
    source = Source("play.yml", "- copy:\n    content: |\n      first\n      second {{ nope }}\n")
    with pytest.raises(UndefinedVariable) as raised:
        renderer.render(Text("first\nsecond {{ nope }}\n", Position(source, 2, 14)), scope())
    assert str(raised.value.diagnostic.position) == "play.yml:4:7"


def test_a_variable_defined_in_terms_of_itself_is_said_with_the_way_round(renderer: Renderer) -> None:
    with pytest.raises(RecursiveVariable, match="a -> b -> a"):
        renderer.render("{{ c }}", scope(a="{{ b }}", b="{{ a }}x", c="{{ a }}"))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ x = 1 }}", "template syntax"),
        ("{{ x | lowr }}", "there is no filter 'lowr'"),
        ("{{ x is defind }}", "there is no test 'defind'"),
        ("{% if x %}", "template syntax"),
        ("{{ lookup('fil', 'x') }}", "there is no lookup 'fil'; did you mean 'file'?"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ {'items': 1}.items }}", "write ['items'] for the key of that name"),
        ("{{ x + 'a' }}", "unsupported operand"),
        ("{{ x | dict2items }}", "dict2items requires a dictionary, got int instead"),
        ("{{ lookup('file', 'nothing.txt') }}", "lookup 'file': could not locate file in lookup: nothing.txt"),
        ("{% include 'nothing.j2' %}", "included template 'nothing.j2' is not in"),
    ],
)
def test_whatever_fails_in_a_template_is_one_clear_error(renderer: Renderer, template: str, said: str) -> None:
    with pytest.raises(TemplateError) as raised:
        renderer.render(text(template, 6, 14), scope(x=1))
    assert said in raised.value.diagnostic.summary
    assert str(raised.value.diagnostic.position) == "play.yml:6:14"


def test_values_that_are_not_known_yet_pass_through(renderer: Renderer) -> None:
    pending = Scope([Layer(Level.SET_FACTS, "sent", pending=frozenset({"result"}))])
    for use in ("{{ result.rc }}", "{{ result is defined }}", "{{ result | default(1) }}", "{{ vars.result }}"):
        with pytest.raises(NotYet):
            renderer.render(use, pending)
    with pytest.raises(NotYet):
        renderer.condition(["result is changed"], pending)


def test_a_template_that_changes_values_in_place_changes_copies(renderer: Renderer) -> None:
    facts = {"names": ["a"], "map": {"k": 1}}
    played = {"own": ["x"]}
    both = Scope([Layer(Level.FACTS, "facts", facts, rendered=True), Layer(Level.PLAY_VARS, "vars", played)])
    template = "{% set _ = names.append('b') %}{% set _ = map.update({'l': 2}) %}{% set _ = own.append('y') %}"
    assert renderer.render(template + "{{ [names, map, own] }}", both) == [["a", "b"], {"k": 1, "l": 2}, ["x", "y"]]
    assert facts == {"names": ["a"], "map": {"k": 1}}
    assert played == {"own": ["x"]}


def test_a_rendered_list_is_not_the_variables_own(renderer: Renderer) -> None:
    values = {"names": ["a"]}
    got = renderer.render("{{ names }}", scope(**values))
    assert isinstance(got, list)
    got.append("b")
    assert values == {"names": ["a"]}


def test_a_variable_is_rendered_once_in_one_call(renderer: Renderer) -> None:
    assert renderer.render("{{ r == r and r == other }}", scope(r="{{ 999999 | random }}", other="{{ r }}")) is True


def test_variables_win_over_the_functions_of_jinja_but_omit_and_vars_need_no_layer(renderer: Renderer) -> None:
    assert renderer.render("{{ range }}", scope(range="mine")) == "mine"
    assert renderer.render("{{ vars['a'] }}{{ vars.nope is defined }}", scope(a="x")) == "xFalse"
    assert renderer.render("{{ ansible_managed }}", scope()) == "Ansible managed"
    assert renderer.render("{{ ansible_managed }}", scope(ansible_managed="by us")) == "by us"


def test_evaluate_gives_the_value_itself(renderer: Renderer) -> None:
    values = scope(n=2, t=(1, 2))
    assert renderer.evaluate("n + 1", values) == 3
    assert renderer.evaluate("[n, n]", values) == [2, 2]
    assert renderer.evaluate(False, values) is False
    assert renderer.evaluate(["{{ n }}"], values) == [2]
    with pytest.raises(UndefinedVariable):
        renderer.evaluate("nope", values)


def test_conditions_are_all_required_and_the_first_that_fails_ends_it(renderer: Renderer) -> None:
    assert renderer.condition((), scope()) is True
    assert renderer.condition(["n == 1", ["n < 2", True]], scope(n=1)) is True
    assert renderer.condition(["n == 2", "nope.nope"], scope(n=1)) is False


def test_braces_in_a_condition_are_accepted_with_a_warning() -> None:
    heard: list[Diagnostic] = []
    renderer = Renderer(RenderSettings(warn=heard.append))
    assert renderer.condition([text("{{ n }} == 1", 6, 14)], scope(n=1)) is True
    assert [str(warning.position) for warning in heard] == ["play.yml:6:14"]


def test_an_undefined_condition_is_an_error_with_its_place(renderer: Renderer) -> None:
    with pytest.raises(UndefinedVariable) as raised:
        renderer.condition([text("nope | bool", 6, 14)], scope())
    assert str(raised.value.diagnostic.position) == "play.yml:6:14"
    assert raised.value.diagnostic.detail == "in: nope | bool"


def test_variable_gives_one_rendered_value(renderer: Renderer) -> None:
    assert renderer.variable("a", scope(a="{{ b }}", b=[1])) == [1]
    with pytest.raises(KeyError):
        renderer.variable("c", scope())


def test_text_is_always_text(renderer: Renderer) -> None:
    assert renderer.text("[{{ a }}]\n", scope(a=1)) == "[1]\n"
    assert renderer.text("plain", scope()) == "plain"


def test_templates_are_checked_without_values(renderer: Renderer) -> None:
    assert renderer.check_template("plain") is None
    assert renderer.check_template("{{ a | default(omit) }} {% for x in y %}{{ x is match('a') }}{% endfor %}") is None
    assert renderer.check_template(Unsafe("{{ a |")) is None
    assert renderer.check_expression("a is defined and b | community.general.json_query('x')") is None
    assert renderer.check_expression(True) is None
    assert renderer.check_expression("{{ a }} == 1") is None
    found = [
        renderer.check_template(text("{{ a | to_jsn }}", 6, 14)),
        renderer.check_expression(text("a = b", 6, 14)),
        renderer.check_expression(text("a is mach('x')", 6, 14)),
        renderer.check_template(text("{{ a", 6, 14)),
    ]
    assert [(str(each.position), each.summary) for each in found if each] == [
        ("play.yml:6:14", "there is no filter 'to_jsn'"),
        ("play.yml:6:14", "template syntax: unexpected '=' after the expression"),
        ("play.yml:6:14", "there is no test 'mach'"),
        ("play.yml:6:14", "template syntax: unexpected end of template, expected 'end of print statement'"),
    ]
    assert found[0] is not None
    assert found[0].hint == "did you mean 'to_json'?"


def test_a_merging_scope_renders_dictionaries_of_all_levels(renderer: Renderer) -> None:
    layers = [
        Layer(Level.ROLE_DEFAULTS, "d", {"m": {"a": "{{ n }}"}, "n": 1}),
        Layer(Level.PLAY_VARS, "v", {"m": {"b": 2}}),
    ]
    assert renderer.render("{{ m }}", Scope(layers, merge=True)) == {"a": 1, "b": 2}


def test_lookups_run_for_loops_too(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("content\n")
    here: dict[str, Any] = {"ansible_search_path": [str(tmp_path)]}
    assert renderer.lookup("items", [[1, 2], 3], scope()) == [1, 2, 3]
    assert renderer.lookup("file", ["a.txt"], scope(**here)) == ["content"]
    with pytest.raises(TemplateError, match="lookup 'sequence': must specify count or end"):
        renderer.lookup("sequence", ["start=1"], scope())
    with pytest.raises(UndefinedVariable, match="No variable found with this name: nope"):
        renderer.lookup("vars", ["nope"], scope())
    assert renderer.has_lookup("subelements")
    assert not renderer.has_lookup("nonsense")
