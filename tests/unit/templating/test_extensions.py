"""Every filter, test and lookup is one file that says what it does, with examples that are true."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import provisioner.templating as room
from provisioner import catalog
from provisioner.templating.renderer import Renderer

ROOM = Path(room.__file__).parent
KINDS = {"filter": "filters", "test": "predicates", "lookup": "lookups"}
WITHOUT_EXAMPLES = {"json_query"}  # its engine is not installed everywhere


def extensions(kind: str) -> list[str]:
    return sorted(catalog.names(kind))


def modules() -> list[str]:
    names = (path.relative_to(ROOM).with_suffix("") for path in sorted(ROOM.rglob("*.py")) if path.stem != "__init__")
    return [".".join(["provisioner", "templating", *name.parts]) for name in names]


@pytest.mark.parametrize("name", modules())
def test_every_example_in_a_docstring_is_true(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    assert module.__doc__


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in extensions(kind)])
def test_every_extension_exports_its_function_and_says_what_it_does(kind: str, name: str) -> None:
    module = catalog.load(kind, name)
    assert (ROOM / KINDS[kind] / f"{name}.py").is_file()
    function = getattr(module, "run" if kind == "lookup" else name)
    assert callable(function)
    assert inspect.getdoc(function)
    if kind == "filter" and name not in WITHOUT_EXAMPLES:
        assert examples(module) > 0


def examples(module: ModuleType) -> int:
    return sum(len(test.examples) for test in doctest.DocTestFinder().find(module))


def words(text: str) -> set[str]:
    return set(text.split())


def test_what_ansible_core_documents_is_there() -> None:
    filters = words("""b64decode b64encode basename bool checksum combinations combine comment commonpath dict2items
        difference dirname expanduser expandvars extract fileglob flatten from_json from_yaml from_yaml_all groupby hash
        human_readable human_to_bytes intersect items2dict log mandatory md5 normpath password_hash path_join
        permutations pow product quote random realpath regex_escape regex_findall regex_replace regex_search
        rekey_on_member relpath root sha1 shuffle split splitext strftime subelements symmetric_difference ternary
        to_datetime to_json to_nice_json to_nice_yaml to_uuid to_yaml type_debug union unique unvault urldecode urlsplit
        vault win_basename win_dirname win_splitdrive zip zip_longest""")
    tests = words("""abs all any change changed contains directory exists failed failure falsy file finished is_abs
        is_dir is_file is_link is_mount is_same_file isnan issubset issuperset link link_exists match mount nan
        reachable regex
        same_file search skip skipped started subset succeeded success successful superset timedout truthy unreachable
        uri url urn vault_encrypted vaulted_file version version_compare""")
    lookups = words("""config csvfile dict env file fileglob first_found indexed_items ini inventory_hostnames items
        lines list nested password pipe random_choice sequence subelements template together unvault url varnames
        vars""")
    assert filters - catalog.names("filter") == set()
    assert tests - catalog.names("test") == set()
    assert lookups - catalog.names("lookup") == set()


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' | ansible.builtin.b64encode }}",
        "{{ '192.0.2.1' | ansible.utils.ipaddr }}",
        "{{ [1, 2] is ansible.builtin.subset([1, 2, 3]) }}",
        "{{ lookup('community.general.flattened', [[1]]) }}",
        "{{ query('ansible.builtin.items', [1]) }}",
    ],
)
def test_full_names_work(template: str) -> None:
    assert Renderer().check_template(template) is None
    Renderer().render(template, importlib.import_module("provisioner.variables.scope").Scope())
