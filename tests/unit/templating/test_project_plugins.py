"""A project's own filters, tests and lookups, written for Ansible, work here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.configuration.configuration import read_configuration
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.loading.collections import Collections
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


def test_a_plugin_file_that_cannot_be_used_is_skipped_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "raises.py").write_text("class FilterModule:\n    def filters(self):\n        raise TypeError('oh')\n")
    (tmp_path / "good.py").write_text(
        "class FilterModule:\n    def filters(self):\n        return {'one': lambda x: 1}\n"
    )
    heard: list[Diagnostic] = []
    renderer = Renderer(RenderSettings(plugin_folders=PluginFolders(filters=(tmp_path,)), warn=heard.append))
    assert renderer.render("{{ 'a' | one }}{{ 'a' | quote }}", SCOPE) == "1a"
    said = sorted(each.summary for each in heard)
    assert len(said) == 2
    assert said[0].startswith(f"Skipping filter plugin {tmp_path / 'broken.py'} as it seems to be invalid: No module")
    assert said[1].endswith(": oh")


COLLECTION_FILTER = """
from ansible_collections.acme.tools.plugins.module_utils.words import louder


class FilterModule:
    def filters(self):
        return {"shouted": louder, "second": lambda value: value * 2}
"""
OPTIONS_LOOKUP = '''
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
options:
  town: {type: str, default: Rome, vars: [{name: my_town}], env: [{name: MY_TOWN}], ini: [{section: tour, key: town}]}
  days: {type: int, default: 1}
"""


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        return [[self.get_option("town"), self.get_option("days"), self._templar.template("{{ word }}")]]
'''


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def _clean() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"ansible", "ansible_collections"}:
            del sys.modules[name]


@pytest.mark.usefixtures("_clean")
def test_plugins_of_collections_answer_under_their_full_names(tmp_path: Path) -> None:
    home = "ansible_collections/acme/tools"
    _write(
        tmp_path,
        {
            f"{home}/plugins/module_utils/words.py": "def louder(value):\n    return value.upper()\n",
            f"{home}/plugins/filter/words.py": COLLECTION_FILTER,
            f"{home}/plugins/lookup/tour.py": OPTIONS_LOOKUP,
            f"{home}/meta/runtime.yml": "plugin_routing: {filter: {old: {redirect: acme.tools.shouted}}}\n",
        },
    )
    renderer = Renderer(RenderSettings(collections=Collections([str(tmp_path)])))
    assert renderer.render("{{ word | acme.tools.shouted }}{{ 'x' | acme.tools.second }}", SCOPE) == "HELLOxx"
    assert renderer.render("{{ lookup('acme.tools.tour') }}", SCOPE) == ["Rome", 1, "hello"]
    found = renderer.check_template("{{ word | acme.tools.nothing }}")
    assert found is not None
    assert found.summary == "there is no filter 'acme.tools.nothing'"
    assert renderer.check_template("{{ word | acme.tools.second | acme.tools.shouted }}") is None


def test_a_collections_plugin_that_cannot_load_is_no_mistake_before_it_is_used(tmp_path: Path) -> None:
    _write(tmp_path, {"ansible_collections/acme/tools/plugins/filter/odd.py": "import no_such_module_anywhere\n"})
    renderer = Renderer(RenderSettings(collections=Collections([str(tmp_path)])))
    assert renderer.check_template("{{ word | acme.tools.odd }}") is None


PATH_LOOKUP = """
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return [self._loader.path_dwim_relative(variables["role_path"], *term) for term in terms]
"""


def test_a_lookup_may_ask_for_files_of_a_role_or_of_the_playbook(tmp_path: Path) -> None:
    _write(tmp_path, {"lookups/place.py": PATH_LOOKUP, "role/templates/a.j2": "", "role/b": "", "play/files/c": ""})
    layer = Layer(
        Level.PLAY_VARS, "play", {"role_path": str(tmp_path / "role"), "playbook_dir": str(tmp_path / "play")}
    )
    renderer = Renderer(RenderSettings(plugin_folders=PluginFolders(lookups=(tmp_path / "lookups",))))
    asked = (
        "[['templates', ''], ['templates', 'a.j2'], ['files', 'b'], ['files', 'c'], ['files', 'd'], ['x', '/etc/y']]"
    )
    found = renderer.render("{{ lookup('place', " + asked[1:-1] + ", wantlist=true) }}", Scope((layer,)))
    wanted = ["role/templates", "role/templates/a.j2", "role/b", "play/files/c", "play/d", "/etc/y"]
    assert found == [str(tmp_path / name) for name in wanted]


@pytest.mark.usefixtures("_clean")
def test_options_of_a_lookup_come_from_the_call_variables_environment_settings_or_their_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, {"lookups/tour.py": OPTIONS_LOOKUP, "ansible.cfg": "[tour]\ntown = Oslo\n"})
    settings = read_configuration({"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")})
    chosen = PluginFolders(lookups=(tmp_path / "lookups",))
    renderer = Renderer(RenderSettings(plugin_folders=chosen, configuration=settings))
    assert renderer.render("{{ lookup('tour') }}", SCOPE) == ["Oslo", 1, "hello"]
    monkeypatch.setenv("MY_TOWN", "Bern")
    assert renderer.render("{{ lookup('tour', days='3') }}", SCOPE) == ["Bern", 3, "hello"]
    more = SCOPE.with_layers(Layer(Level.TASK_VARS, "t", {"my_town": "Graz"}))
    assert renderer.render("{{ lookup('tour') }}", more) == ["Graz", 1, "hello"]
    assert renderer.render("{{ lookup('tour', town='Lima') }}", more) == ["Lima", 1, "hello"]
    with pytest.raises(TemplateError, match="option 'days' must be of type int"):
        renderer.render("{{ lookup('tour', days='many') }}", SCOPE)


def test_plugins_beside_a_role_are_there_once_the_role_is_found(tmp_path: Path) -> None:
    code = "class FilterModule:\n    def filters(self):\n        return {'tripled': lambda x: x * 3}\n"
    _write(tmp_path, {"role/filter_plugins/own.py": code})
    renderer = Renderer()
    assert renderer.check_template("{{ 1 | tripled }}") is not None
    renderer.plugins.add_beside(tmp_path / "role")
    assert renderer.render("{{ 'ab' | tripled }}", SCOPE) == "ababab"
