"""Template files: the header, white space, included files, and where errors are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.templating.errors import TemplateError, UndefinedVariable
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import TemplateOptions
from provisioner.variables.scope import Layer, Level, Scope

AS_USUAL = TemplateOptions()


@pytest.fixture
def role(tmp_path: Path) -> Path:
    (tmp_path / "templates" / "parts").mkdir(parents=True)
    return tmp_path


def render(text: str, role: Path, options: TemplateOptions = AS_USUAL, **values: object) -> str:
    values.setdefault("ansible_search_path", [str(role)])
    scope = Scope([Layer(Level.PLAY_VARS, "play vars", values)])
    return Renderer().file(text, str(role / "templates" / "main.j2"), scope, options)


def test_lines_that_are_blocks_leave_no_line_behind_and_the_last_newline_stays(role: Path) -> None:
    text = "{% if on %}\nlisten {{ port }};\n{% endif %}\nend\n"
    assert render(text, role, on=True, port=80) == "listen 80;\nend\n"


def test_values_are_written_as_text_and_backslashes_stay(role: Path) -> None:
    text = "{{ n }} {{ l }} {{ t }} {{ none_value }} {{ 'a\\\\b' }} {{ j | to_json }}"
    got = render(text, role, n=1, l=[1, "a"], t=True, none_value=None, j={"a": None})
    assert got == "1 [1, 'a'] True  a\\b {\"a\": null}"


def test_the_header_changes_how_the_file_is_read_and_is_not_part_of_it(role: Path) -> None:
    text = "#jinja2: trim_blocks: False, lstrip_blocks: True, variable_start_string: '[[', variable_end_string: ']]'\n"
    assert render(text + "  {% if true %}\n[[ x ]] {{ x }}\n  {% endif %}\n", role, x=1) == "\n1 {{ x }}\n"


def test_options_of_the_task_count_where_there_is_no_header(role: Path) -> None:
    options = TemplateOptions(newline_sequence="\r\n", block_start_string="<%", block_end_string="%>")
    assert render("<% if true %>\na\n<% endif %>\nb\n", role, options) == "a\r\nb\r\n"


def test_a_header_that_cannot_be_read_is_said(role: Path) -> None:
    with pytest.raises(TemplateError, match="'trim_block' in the #jinja2 line is not an option"):
        render("#jinja2: trim_block: True\nx\n", role)
    with pytest.raises(TemplateError, match="it is 'name: value, name: value'"):
        render("#jinja2: nonsense\nx\n", role)


def test_included_files_see_variables_and_the_loop(role: Path) -> None:
    (role / "templates" / "parts" / "line.j2").write_text("{{ item }}={{ value }} ")
    text = "{% for item in ['a', 'b'] %}{% include 'parts/line.j2' %}{% endfor %}"
    assert render(text, role, value=5) == "a=5 b=5 "


def test_files_beside_the_template_and_in_search_folders_can_be_included(role: Path, tmp_path: Path) -> None:
    (role / "templates" / "beside.j2").write_text("beside ")
    (role / "plain.j2").write_text("plain")
    assert render("{% include 'beside.j2' %}{% include 'plain.j2' %}", role) == "beside plain"


def test_macros_are_imported_with_and_without_variables(role: Path) -> None:
    (role / "templates" / "macros.j2").write_text("{% macro m(x) %}{{ x }}-{{ v | default('none') }}{% endmacro %}")
    text = "{% import 'macros.j2' as a %}{% from 'macros.j2' import m with context %}{{ a.m(1) }} {{ m(2) }}"
    assert render(text, role, v="v") == "1-none 2-v"


def test_a_template_extends_another_and_uses_its_block(role: Path) -> None:
    (role / "templates" / "base.j2").write_text("<{% block body %}base {{ v }}{% endblock %}>")
    text = "{% extends 'base.j2' %}{% block body %}{{ super() }} own {{ w }}{% endblock %}"
    assert render(text, role, v=1, w=2) == "<base 1 own 2>"


def test_a_changed_include_is_read_again(role: Path) -> None:
    part = role / "templates" / "part.j2"
    renderer = Renderer()
    scope = Scope([Layer(Level.PLAY_VARS, "v", {"ansible_search_path": [str(role)]})])
    part.write_text("one")
    assert renderer.file("{% include 'part.j2' %}", str(role / "x.j2"), scope) == "one"
    part.unlink()
    part.write_text("two, later")
    assert renderer.file("{% include 'part.j2' %}", str(role / "x.j2"), scope) == "two, later"


def test_an_error_names_the_file_and_the_line_under_the_header(role: Path) -> None:
    with pytest.raises(UndefinedVariable) as raised:
        render("#jinja2: lstrip_blocks: True\nfirst\n  {{ nope }}\n", role)
    assert str(raised.value.diagnostic.position) == f"{role}/templates/main.j2:3:3"
    assert raised.value.diagnostic.detail == "in: {{ nope }}"


def test_a_syntax_error_names_the_line(role: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        render("first\n{% if %}\n", role)
    assert str(raised.value.diagnostic.position).startswith(f"{role}/templates/main.j2:2:")


def test_a_syntax_error_of_an_included_file_names_that_file(role: Path) -> None:
    (role / "templates" / "bad.j2").write_text("fine\n{{ x\n")
    with pytest.raises(TemplateError) as raised:
        render("{% include 'bad.j2' %}", role)
    assert str(raised.value.diagnostic.position) == f"{role}/templates/bad.j2:2:1"


def test_an_inline_template_can_include_too(role: Path) -> None:
    (role / "templates" / "i.j2").write_text("inc {{ x }}")
    scope = Scope([Layer(Level.PLAY_VARS, "v", {"ansible_search_path": [str(role)], "x": 1})])
    assert Renderer().render("{% include 'i.j2' %}!", scope) == "inc 1!"
