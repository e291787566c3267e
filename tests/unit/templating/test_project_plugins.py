"""A project's own filters, tests and lookups, written for Ansible, work here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.templating.errors import TemplateError
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import PluginFolders, RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

FILTERS = """
from ansible.errors import AnsibleFilterError
from ansible.module_utils._text import to_text
from jinja2 import pass_context


def shout(value, mark="!"):
    if not value:
        raise AnsibleFilterError("nothing to shout")
    return to_text(value).upper() + mark


@pass_context
def named(context, name):
    return context.resolve(name)


class FilterModule(object):
    def filters(self):
        return {"shout": shout, "named": named, "bool": lambda value: "own bool", "my.fancy.name": shout}
"""
TESTS = """
class TestModule:
    def tests(self):
        return {"loud": lambda value: value.isupper()}
"""
LOOKUP = """
from ansible.plugins.lookup import LookupBase
from ansible.errors import AnsibleError


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        if terms == ["fail"]:
            raise AnsibleError("told to fail")
        return [variables[term] for term in terms] + [self.get_option("more")]
"""


@pytest.fixture
def renderer(tmp_path: Path) -> Iterator[Renderer]:
    folders = {"filters": FILTERS, "tests": TESTS, "lookups": LOOKUP}
    for name, code in folders.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"own_{name}.py").write_text(code)
    before = set(sys.modules)
    chosen = PluginFolders(*((tmp_path / name,) for name in folders))
    yield Renderer(RenderSettings(plugin_folders=chosen))
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "ansible" or name.startswith("provisioner_plugin_"):
            del sys.modules[name]


SCOPE = Scope([Layer(Level.PLAY_VARS, "v", {"word": "hello", "empty": "", "port": "{{ 40 + 2 }}"})])


def test_own_filters_win_over_ours_and_may_use_the_context(renderer: Renderer) -> None:
    assert renderer.render("{{ word | shout('?') }} {{ word | my.fancy.name }}", SCOPE) == "HELLO? HELLO!"
    assert renderer.render("{{ word | bool }}", SCOPE) == "own bool"
    assert renderer.render("{{ 'port' | named }}", SCOPE) == "42"


def test_own_tests_and_lookups_work(renderer: Renderer) -> None:
    assert renderer.condition(["'ABC' is loud and word is not loud"], SCOPE) is True
    assert renderer.render("{{ query('own_lookups', 'port', more=1) }}", SCOPE) == ["42", 1]
    assert renderer.has_lookup("own_lookups")


def test_what_a_plugin_raises_is_an_error_with_its_words(renderer: Renderer) -> None:
    with pytest.raises(TemplateError, match="nothing to shout"):
        renderer.render("{{ empty | shout }}", SCOPE)
    with pytest.raises(TemplateError, match="lookup 'own_lookups': told to fail"):
        renderer.render("{{ lookup('own_lookups', 'fail') }}", SCOPE)


def test_own_names_count_when_templates_are_checked(renderer: Renderer) -> None:
    assert renderer.check_template("{{ word | shout }}") is None
    found = renderer.check_template("{{ word | shoutt }}")
    assert found is not None
    assert found.hint == "did you mean 'shout'?"


def test_a_plugin_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    renderer = Renderer(RenderSettings(plugin_folders=PluginFolders(filters=(tmp_path,))))
    with pytest.raises(TemplateError, match=r"broken\.py cannot be imported"):
        renderer.render("{{ 'a' | quote }}", SCOPE)
