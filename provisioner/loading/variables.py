"""Variables from files and the command line, and a host's inventory variables in the order of precedence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, Text, position_of
from provisioner.loading.files import absolute_path, read_source, shown
from provisioner.loading.inventory_settings import PRECEDENCE
from provisioner.loading.reading import kind_of
from provisioner.loading.words import Unbalanced, split_pairs
from provisioner.model.inventory import Host, Inventory
from provisioner.records import dataclass
from provisioner.syntax import yaml
from provisioner.syntax.vault import Vault

LEVELS = (
    "inventory group vars",
    "inventory group_vars/all",
    "playbook group_vars/all",
    "inventory group_vars",
    "playbook group_vars",
    "inventory host vars",
    "inventory host_vars",
    "playbook host_vars",
)
"""Where a host's variables come from, weakest first."""

_PLUGIN_LEVELS = {
    "all_plugins_inventory": (LEVELS[1], "inventory"),
    "all_plugins_play": (LEVELS[2], "playbook"),
    "groups_plugins_inventory": (LEVELS[3], "inventory"),
    "groups_plugins_play": (LEVELS[4], "playbook"),
}

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Names that mean this machine although no inventory lists them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Variables of one origin: ``level`` is one of LEVELS, ``origin`` says it in full (a group, a file)."""

    level: str
    origin: str
    values: Mapping[str, object]


def implicit_host(name: str) -> Host:
    """Return this machine as a host that no inventory lists."""
    return Host(name, {"ansible_connection": "local", "ansible_python_interpreter": sys.executable})


def origin_of(source: str) -> dict[str, str | None]:
    """Return ``inventory_file`` and ``inventory_dir`` of a host that this source names first."""
    folder = str(Path(source).parent) if source.startswith("/") else None
    return {"inventory_file": source or None, "inventory_dir": folder}


def host_variables(inventory: Inventory, name: str) -> list[Layer]:
    """Return the inventory's variables for a host, weakest first; the later layer wins."""
    host = inventory.hosts.get(name) or (implicit_host(name) if name in LOCAL else Host(name))
    found = [layer for kind in inventory.precedence or PRECEDENCE for layer in _of_groups(inventory, host, kind)]
    if host.vars:
        found.append(Layer(LEVELS[5], f"host {name}", host.vars))
    own = inventory.files.get(("host", name), ())
    for beside, level in (("inventory", LEVELS[6]), ("playbook", LEVELS[7])):
        found += [Layer(level, shown(file.path), file.values) for file in own if file.beside == beside]
    return found


def _of_groups(inventory: Inventory, host: Host, kind: str) -> list[Layer]:
    """Return what a host has of one kind of group variables (a word of the setting ``precedence``)."""
    names = ("all",) if kind.startswith("all_") else host.groups
    if kind in ("all_inventory", "groups_inventory"):
        groups = [inventory.groups[name] for name in names if name in inventory.groups]
        return [Layer(LEVELS[0], f"group {group.name}", group.vars) for group in groups if group.vars]
    level, beside = _PLUGIN_LEVELS[kind]
    return [
        Layer(level, shown(file.path), file.values)
        for name in names
        for file in inventory.files.get(("group", name), ())
        if file.beside == beside
    ]


def load_vars_file(path: str | Path, vault: Vault | None = None, findings: Findings | None = None) -> dict[str, object]:
    """Return the variables of a YAML or JSON file: a mapping, or a list of them of which later ones win.

    InputError where it is unreadable or holds anything else.
    """
    source = read_source(str(path))
    content = yaml.load(source, vault=vault, findings=findings)
    if content is None:
        return {}
    if isinstance(content, list) and all(isinstance(each, dict) for each in content):
        return {name: value for each in content for name, value in each.items()}
    if not isinstance(content, dict):
        where = position_of(content) or Position(source, 1, 1)
        raise InputError.at(where, f"a file of variables must be a mapping, not {kind_of(content)}")
    return content


def extra_variables(
    words: Sequence[str], vault: Vault | None = None, basedir: str = ".", warn: Callable[[str], None] | None = None
) -> dict[str, object]:
    """Return the variables of ``--extra-vars`` words: ``k=v ...``, YAML or JSON, or ``@file``; later words win.

    What is none of these is an error; where there is ``warn`` it is told and left out.
    """
    merged: dict[str, object] = {}
    for word in words:
        merged.update(_extra(word, vault, basedir, warn))
    return merged


def _extra(word: str, vault: Vault | None, basedir: str, warn: Callable[[str], None] | None) -> dict[str, object]:
    source = Source("--extra-vars", word)
    start = Position(source, 1, 1)
    if word.startswith("@"):
        return load_vars_file(absolute_path(word[1:], basedir), vault)
    if word.lstrip()[:1] in ("{", "["):
        content = yaml.load(source, vault=vault)
        if isinstance(content, dict):
            return content
        raise InputError.at(start, f"extra variables must be a mapping, not {kind_of(content)}")
    try:
        split = split_pairs(word, lambda _key: True)
    except Unbalanced as error:
        raise InputError.at(start, f"these extra variables cannot be split: {error}") from None
    if split.rest and warn is None:
        raise InputError.at(start, f"'{split.rest}' is no variable", hint="write key=value, JSON, YAML, or @file")
    if split.rest and warn is not None:
        warn(f"--extra-vars: '{split.rest}' is no variable and left out; write key=value, JSON, YAML, or @file")
    return {Text(key, start): Text(value, start) for key, value in split.pairs.items()}
