"""Compares inventories with what ansible-inventory makes of them, where PROVISIONER_ORACLE names its folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from provisioner.loading.inventory import load_inventory
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import host_variables
from provisioner.model.inventory import Inventory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "inventories"
ORACLE = os.environ.get("PROVISIONER_ORACLE")
SOURCES = {
    "mixed": [str(FIXTURES / "mixed")],
    "deep": [str(FIXTURES / "deep" / "hosts.ini")],
    "yaml": [str(FIXTURES / "yaml" / "inv.yaml")],
    "list": ["one,two,three:2022"],
    "several": [str(FIXTURES / "deep" / "hosts.ini"), str(FIXTURES / "yaml" / "inv.yaml"), "h1,extra"],
}


def merged(inventory: Inventory, host: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for layer in host_variables(inventory, host):
        values.update(layer.values)
    return values


def as_listed(inventory: Inventory) -> dict[str, object]:
    """The inventory in the shape of ``ansible-inventory --list``."""
    listed: dict[str, object] = {}
    for name, group in inventory.groups.items():
        entry = {}
        if group.hosts and name != "all":
            entry["hosts"] = sorted(group.hosts)
        if group.children:
            entry["children"] = sorted(group.children)
        if entry:
            listed[name] = entry
    hostvars = {host: values for host in inventory.hosts if (values := merged(inventory, host))}
    return {**listed, "_meta": hostvars}


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def by_oracle(sources: list[str]) -> dict[str, object]:
    words = [str(Path(str(ORACLE)) / "ansible-inventory"), "--list"]
    for source in sources:
        words += ["-i", source]
    done = subprocess.run(words, capture_output=True, check=True, cwd="/", env=_environment())
    said = json.loads(done.stdout)
    listed = {}
    for name, entry in said.items():
        if name != "_meta":
            shape = {key: sorted(entry[key]) for key in ("hosts", "children") if entry.get(key)}
            if shape:
                listed[name] = shape
    return {**listed, "_meta": said["_meta"]["hostvars"]}


@pytest.mark.skipif(not ORACLE, reason="PROVISIONER_ORACLE is not set")
@pytest.mark.parametrize("name", SOURCES)
def test_it_is_the_same_inventory_as_the_oracles(name: str) -> None:
    inventory, findings = load_inventory(SOURCES[name], LoadSettings())
    assert not findings.errors
    assert json.loads(json.dumps(as_listed(inventory))) == by_oracle(SOURCES[name])
