"""Values come out as ansible-core 2.18 makes them: the tables were answered by it and are compared with ours.

With PROVISIONER_ORACLE=/path/to/ansible/bin the tables themselves are checked against that program.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

from .ansible_runs import answers

TABLES = Path(__file__).parent / "tables"


def groups() -> list[tuple[str, int]]:
    return [
        (path.stem, number)
        for path in sorted(TABLES.glob("*.json"))
        for number in range(len(json.loads(path.read_text("utf-8"))))
    ]


def table_of(name: str, number: int, folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text("utf-8"))[number]
    for path, content in table["files"].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")
    return table


def scope_of(table: dict[str, Any], folder: Path) -> Scope:
    groups = {"all": ["localhost"], "ungrouped": ["localhost"]}
    magic = {
        "inventory_hostname": "localhost",
        "ansible_search_path": [str(folder)],
        "playbook_dir": str(folder),
        "groups": groups,
        "hostvars": {"localhost": {}},
    }
    return Scope(
        [Layer(Level.PLAY_VARS, "play vars", table["vars"]), Layer(Level.MAGIC, "magic", magic, rendered=True)]
    )


def outcome(call: Any, *arguments: Any) -> dict[str, Any]:
    try:
        return {"value": json.loads(json.dumps(call(*arguments), default=str))}
    except InputError:
        return {"error": True}


@pytest.mark.parametrize(("name", "number"), groups())
def test_values_and_conditions_are_those_of_ansible(name: str, number: int, tmp_path: Path) -> None:
    table = table_of(name, number, tmp_path)
    renderer = Renderer(RenderSettings(native=name.endswith("native")))
    scope = scope_of(table, tmp_path)
    wrong = []
    for template, expected in [*table["values"], *(entry[:2] for entry in table["differs"])]:
        got = outcome(renderer.render, template, scope)
        if got != expected:
            wrong.append((template, expected, got))
    for condition, expected in table["conditions"]:
        conditions = condition if isinstance(condition, list) else [condition]
        got = outcome(renderer.condition, conditions, scope)
        if got != expected:
            wrong.append((condition, expected, got))
    assert wrong == []
    assert len(table["values"]) + len(table["conditions"]) > 2


@pytest.mark.compat
@pytest.mark.skipif("PROVISIONER_ORACLE" not in os.environ, reason="PROVISIONER_ORACLE names no ansible-core")
@pytest.mark.parametrize(("name", "number"), groups())
def test_the_tables_are_what_ansible_answers(name: str, number: int, tmp_path: Path) -> None:
    table = table_of(name, number, tmp_path)
    found = answers(Path(os.environ["PROVISIONER_ORACLE"]), tmp_path, table, native=name.endswith("native"))
    cases = [*table["values"], *table["conditions"]]
    assert [(case, got) for case, got in zip(cases, found, strict=True) if case[1] != got] == []
