"""A parameter that a module does not have, or cannot take, is named with its place: for every module of ours."""

from __future__ import annotations

import pytest

from provisioner import catalog
from provisioner.diagnostics.position import Source
from provisioner.loading.playbook import load_play_text
from provisioner.loading.settings import LoadSettings
from provisioner.remote.params import Parameters


def strict_modules() -> list[str]:
    """Return the modules that take no names but their own."""
    return sorted(name for name in catalog.names("module") if not catalog.load("module", name).Params.accepts_any)


def mistakes(name: str, wrong: str) -> list[tuple[int, int, str]]:
    return mistakes_in(f"{name}:\n        {wrong}")


def mistakes_in(task: str) -> list[tuple[int, int, str]]:
    text = f"- hosts: h\n  tasks:\n    - {task}\n"
    _playbook, found = load_play_text(Source("site.yml", text), LoadSettings())
    return [(each.position.line, each.position.column, each.summary) for each in found.all if each.position]


@pytest.mark.parametrize("name", strict_modules())
def test_an_unknown_parameter_is_named_with_its_place(name: str) -> None:
    assert (4, 9, f"{name}: unknown parameter 'not_a_parameter'") in mistakes(name, "not_a_parameter: 1")


@pytest.mark.parametrize("name", strict_modules())
def test_a_value_of_the_wrong_kind_is_named_with_its_place(name: str) -> None:
    declared: type[Parameters] = catalog.load("module", name).Params
    kinds = {"bool": "perhaps", "int": "many", "float": "many", "dict": "[no, mapping]"}
    chosen = sorted(key for key, param in declared.declared.items() if param.kind in kinds and not key.startswith("_"))
    for key in chosen:
        found = mistakes(name, f"{key.rstrip('_')}: {kinds[declared.declared[key].kind]}")
        assert any(line == 4 and key.rstrip("_") in said for line, _column, said in found), (key, found)


@pytest.mark.parametrize(
    "task",
    [
        "community.postgresql.postgresql_copy: {copy_to: /srv/t.csv, src: t, login_db: d}",
        "postgresql_owner: {new_owner: a, obj_name: f, type: aggregate}",
        "community.crypto.x509_certificate: {path: /c, provider: acme, acme_challenge_path: /w}",
    ],
)
def test_what_only_the_module_of_a_collection_does_is_no_mistake_and_needs_none_of_our_parameters(task: str) -> None:
    name, _colon, given = task.partition(": ")
    assert mistakes_in(f"{name}: {given}") == []
    assert [said for *_place, said in mistakes_in(f"{name}: {given[:-1]}, colour: red}}")] == [
        f"{name}: unknown parameter 'colour'"
    ]
