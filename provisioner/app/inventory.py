"""The inventory as provisioner understands it: all of it, one host's variables, or the tree of groups."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML

from provisioner.app.credentials import Credentials
from provisioner.app.settings import read_settings
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.loading.inventory import load_inventory
from provisioner.loading.patterns import select
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import LOCAL, host_variables
from provisioner.model.inventory import Inventory
from provisioner.model.options import RunOptions
from provisioner.syntax.vault import VaultText

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Listing:
    """A loaded inventory, the hosts that were asked for, and the extra variables that win over all others."""

    inventory: Inventory
    hosts: frozenset[str]
    extra: Values

    def variables(self, host: str) -> dict[str, object]:
        """Return a host's variables as the inventory has them; templates stay templates."""
        merged: dict[str, object] = {}
        for layer in host_variables(self.inventory, host):
            merged.update(layer.values)
        return {name: _shown(value) for name, value in sorted((merged | dict(self.extra)).items())}

    def members(self, group: str) -> list[str]:
        """Return the hosts that a group names itself, as far as they were asked for."""
        found = self.inventory.groups[group].hosts
        if group == "all":
            grouped = {host for name, each in self.inventory.groups.items() if name != "all" for host in each.hosts}
            found = tuple(host for host in found if host not in grouped)
        return [host for host in found if host in self.hosts]

    def children(self, group: str) -> tuple[str, ...]:
        """Return a group's own child groups."""
        return self.inventory.groups[group].children


def load(options: RunOptions, credentials: Credentials, warn: Callable[[str], None]) -> Listing:
    """Load what the options name; mistakes are raised together, warnings go to ``warn``."""
    sources = options.inventories or read_settings(os.environ).inventories
    settings = LoadSettings(vault=credentials.vault, extra_vars=options.extra_vars)
    inventory, findings = load_inventory(sources, settings)
    hosts: Sequence[str] = tuple(inventory.hosts)
    if options.limit:
        hosts = select(inventory, options.limit, findings)
    for warning in findings.warnings:
        warn(warning.render())
    if findings.errors:
        raise InputError(findings.errors)
    return Listing(inventory, frozenset(hosts), options.extra_vars)


def as_json(listing: Listing) -> str:
    """Return everything in the format of inventory scripts."""
    groups: dict[str, object] = {}
    for name in sorted(listing.inventory.groups):
        entry = {"children": list(listing.children(name)), "hosts": listing.members(name)}
        if kept := {key: value for key, value in entry.items() if value}:
            groups[name] = kept
    variables = {host: found for host in sorted(listing.hosts) if (found := listing.variables(host))}
    return _json({"_meta": {"hostvars": variables}, **groups})


def as_yaml(listing: Listing) -> str:
    """Return everything as a YAML inventory; a host's variables stand where it comes first."""
    seen: set[str] = set()

    def group(name: str) -> dict[str, object]:
        children = {child: group(child) for child in listing.children(name)}
        hosts: dict[str, object] = {}
        for host in sorted(listing.members(name)):
            hosts[host] = {} if host in seen else listing.variables(host)
            seen.add(host)
        parts = {"children": {child: inner for child, inner in sorted(children.items()) if inner}, "hosts": hosts}
        return {key: value for key, value in parts.items() if value}

    return yaml_text({"all": group("all")})


def host_as(listing: Listing, host: str, *, yaml: bool = False) -> str:
    """Return the variables of one host."""
    if host not in listing.inventory.hosts and host not in LOCAL:
        hint = nearest(host, listing.inventory.hosts)
        raise InputError.at(None, f"there is no host '{host}' in the inventory", hint=hint)
    variables = listing.variables(host)
    return yaml_text(variables) if yaml else _json(variables)


def tree(listing: Listing, top: str = "all", *, with_vars: bool = False) -> str:
    """Return the groups below ``top`` with their hosts as an indented tree."""
    if top not in listing.inventory.groups:
        hint = nearest(top, listing.inventory.groups)
        raise InputError.at(None, f"there is no group '{top}' in the inventory", hint=hint)
    return "\n".join([f"@{top}:", *_branches(listing, top, 1, with_vars=with_vars)])


def yaml_text(value: object) -> str:
    """Return plain data as YAML text in block style."""
    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = 4096
    writer.dump(json.loads(json.dumps(value, default=str)), stream)
    return stream.getvalue().rstrip("\n")


def _branches(listing: Listing, group: str, depth: int, *, with_vars: bool) -> Iterator[str]:
    indent = "  " + "|  " * (depth - 1) + "|--"
    for child in listing.children(group):
        yield f"{indent}@{child}:"
        yield from _branches(listing, child, depth + 1, with_vars=with_vars)
    for host in sorted(listing.members(group)):
        yield f"{indent}{host}"
        if with_vars:
            yield from _pairs(listing.variables(host), depth + 1)
    if with_vars:
        shown = {name: _shown(value) for name, value in listing.inventory.groups[group].vars.items()}
        shown |= {
            k: _shown(v)
            for f in listing.inventory.files
            if (f.kind, f.name) == ("group", group)
            for k, v in f.values.items()
        }
        yield from _pairs(shown, depth)


def _pairs(values: Values, depth: int) -> Iterator[str]:
    indent = "  " + "|  " * (depth - 1) + "|--"
    for name, value in sorted(values.items()):
        yield f"{indent}{{{name} = {value}}}"


def _shown(value: object) -> object:
    """Return plain data; what is encrypted by itself stays encrypted."""
    if isinstance(value, VaultText):
        return {"__ansible_vault": str(value)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value


def _json(value: object) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False, default=str)
