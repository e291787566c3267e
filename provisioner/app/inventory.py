"""The inventory as provisioner understands it: all of it, one host's variables, or the tree of groups."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ruamel.yaml import YAML

from provisioner.app.credentials import Credentials
from provisioner.app.rendering import make_renderer
from provisioner.app.settings import read_settings
from provisioner.app.toml_text import toml_text
from provisioner.app.wiring import installed, make_loading
from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.loading.draft import PRIORITY
from provisioner.loading.inventory import NoInventory, load_inventory
from provisioner.loading.patterns import select
from provisioner.loading.variables import LEVELS, LOCAL, host_variables
from provisioner.model.inventory import Inventory
from provisioner.model.options import RunOptions
from provisioner.records import dataclass
from provisioner.syntax.vault import VaultText

Values = Mapping[str, object]
_OF_HOSTS = frozenset(LEVELS[5:])
_EXPORT = "INVENTORY_EXPORT"
_VAULT = "__ansible_vault"


@dataclass(frozen=True, slots=True)
class Listing:
    """A loaded inventory, the hosts that were asked for, and the extra variables that win over all others.

    ``exports``: variables are shown where they are written, those of groups at their groups.
    """

    inventory: Inventory
    hosts: frozenset[str]
    extra: Values
    exports: bool = False

    def variables(self, host: str) -> dict[str, object]:
        """Return a host's variables as the inventory has them; templates stay templates."""
        merged: dict[str, object] = {}
        for layer in host_variables(self.inventory, host):
            if not self.exports or layer.level in _OF_HOSTS:
                merged.update(layer.values)
        extra = {} if self.exports else dict(self.extra)
        return {name: _shown(value) for name, value in sorted((merged | extra).items(), key=_by_name)}

    def group_variables(self, group: str) -> dict[str, object]:
        """Return the variables of a group itself."""
        known = self.inventory.groups[group]
        merged = dict(known.vars)
        for file in self.inventory.files.get(("group", group), ()):
            merged.update(file.values)
        if known.priority != 1:
            merged[PRIORITY] = known.priority
        return {name: _shown(value) for name, value in sorted(merged.items(), key=_by_name)}

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


def load(
    options: RunOptions,
    credentials: Credentials,
    warn: Callable[[str], None],
    *,
    export: bool = False,
    folder: str = ".",
) -> Listing:
    """Load what the options name; mistakes are raised together, warnings go to ``warn``.

    ``folder`` stands for that of the playbook: its variables and plugins count.
    """
    settings = read_settings(os.environ)
    said: list[Diagnostic] = []
    folders = (folder,)
    renderer = make_renderer(folders, credentials, settings, installed(folders, settings), said.append)
    loading = make_loading(folders, options, credentials, settings, renderer)
    try:
        inventory, findings = load_inventory(options.inventories or settings.inventories, loading)
    except NoInventory as error:
        _tell((d for d in error.diagnostics if d.severity is Severity.WARNING), warn)
        raise NoInventory([d for d in error.diagnostics if d.severity is Severity.ERROR]) from None
    hosts: Sequence[str] = tuple(inventory.hosts)
    if options.limit:
        hosts = select(inventory, options.limit, findings, mismatch=loading.inventory.mismatch)
    _tell((*findings.warnings, *said), warn)
    if findings.errors:
        raise InputError(findings.errors)
    return Listing(inventory, frozenset(hosts), options.extra_vars, export or settings.configuration.flag(_EXPORT))


def _tell(warnings: Iterable[Diagnostic], warn: Callable[[str], None]) -> None:
    for warning in warnings:
        warn(warning.note())


def as_json(listing: Listing) -> str:
    """Return everything in the format of inventory scripts."""
    variables = {host: found for host in sorted(listing.hosts) if (found := listing.variables(host))}
    groups: dict[str, object] = {"_meta": {"hostvars": variables}}
    for name in listing.inventory.groups:
        entry: dict[str, object] = {"children": list(listing.children(name)), "hosts": listing.members(name)}
        if listing.exports:
            entry["vars"] = listing.group_variables(name)
        if kept := {key: value for key, value in entry.items() if value}:
            groups[name] = kept
    return _json(dict(sorted(groups.items())))


def as_yaml(listing: Listing) -> str:
    """Return everything as a YAML inventory; a host's variables, and a group, stand where they come first."""
    hosts_told: set[str] = set()
    groups_told: set[str] = set()

    def group(name: str) -> dict[str, object]:
        children: dict[str, object] = {}
        for child in listing.children(name):
            if child in groups_told:
                children[child] = {}
            elif inner := group(child):
                groups_told.add(child)
                children[child] = inner
        hosts: dict[str, object] = {}
        for host in sorted(listing.members(name)):
            hosts[host] = {} if host in hosts_told else listing.variables(host)
            hosts_told.add(host)
        parts: dict[str, object] = {"children": dict(sorted(children.items())), "hosts": hosts}
        if listing.exports:
            parts["vars"] = listing.group_variables(name)
        return {key: value for key, value in parts.items() if value}

    everything = group("all")
    return yaml_text({"all": everything} if everything else {})


def as_toml(listing: Listing) -> str:
    """Return everything as a TOML inventory: a table for each group, a host's variables where it comes first."""
    told: set[str] = set()
    groups: dict[str, object] = {}
    for name in _downwards(listing):
        parts: dict[str, object] = {}
        children = [c for c in listing.children(name) if c != "ungrouped" or listing.members(c)]
        if children:
            parts["children"] = children
        hosts: dict[str, object] = {}
        for host in sorted(listing.members(name)):
            hosts[host] = {} if host in told else listing.variables(host)
            told.add(host)
        if hosts:
            parts["hosts"] = hosts
        if listing.exports and (variables := listing.group_variables(name)):
            parts["vars"] = variables
        if parts:
            groups[name] = parts
    return toml_text(groups)


def _downwards(listing: Listing) -> list[str]:
    """Return every group once, a parent before its children."""
    found: dict[str, None] = {}
    waiting = ["all"]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += listing.children(name)
    return list(found)


def host_as(listing: Listing, host: str, *, yaml: bool = False, toml: bool = False) -> str:
    """Return the variables of one host."""
    if host not in listing.inventory.hosts and host not in LOCAL:
        hint = nearest(host, listing.inventory.hosts)
        raise InputError.at(None, f"there is no host '{host}' in the inventory", hint=hint)
    variables = listing.variables(host)
    if toml:
        return toml_text(variables)
    return yaml_text(variables) if yaml else _json(variables)


def tree(listing: Listing, top: str = "all", *, with_vars: bool = False) -> str:
    """Return the groups below ``top`` with their hosts, whatever the limit, as an indented tree."""
    if top not in listing.inventory.groups:
        hint = nearest(top, listing.inventory.groups)
        raise InputError.at(None, f"there is no group '{top}' in the inventory", hint=hint)
    everyone = replace(listing, hosts=frozenset(listing.inventory.hosts), exports=False)
    return "\n".join([f"@{top}:", *_branches(everyone, top, 1, with_vars=with_vars)])


def yaml_text(value: object) -> str:
    """Return plain data as YAML text in block style."""
    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = 4096
    writer.representer.add_representer(_Encrypted, _as_vault)
    writer.representer.ignore_aliases = lambda _data: True
    writer.dump(_written(value), stream)
    return stream.getvalue().rstrip("\n")


def _branches(listing: Listing, group: str, depth: int, *, with_vars: bool) -> Iterator[str]:
    indent = "  " + "|  " * (depth - 1) + "|--"
    for child in listing.children(group):
        yield f"{indent}@{child}:"
        yield from _branches(listing, child, depth + 1, with_vars=with_vars)
    for host in listing.members(group):
        yield f"{indent}{host}"
        if with_vars:
            yield from _pairs(listing.variables(host), depth + 1)
    if with_vars:
        yield from _pairs(listing.group_variables(group), depth)


def _pairs(values: Values, depth: int) -> Iterator[str]:
    indent = "  " + "|  " * (depth - 1) + "|--"
    for name, value in sorted(values.items(), key=_by_name):
        yield f"{indent}{{{name} = {value}}}"


class _Encrypted(str):
    """The text of a value that stays encrypted."""

    __slots__ = ()


def _as_vault(representer: Any, value: _Encrypted) -> Any:
    return representer.represent_scalar("!vault", str(value), style="|")


def _written(value: object) -> object:
    """Return data as YAML writes it: what has no form of its own becomes text."""
    if isinstance(value, Mapping):
        if set(value) == {_VAULT} and isinstance(value[_VAULT], str):
            return _Encrypted(value[_VAULT])
        return {_key(key): _written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_written(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str, date)) else str(value)


def _by_name(item: tuple[object, object]) -> str:
    return str(item[0])


def _shown(value: object) -> object:
    """Return plain data; what is encrypted by itself stays encrypted."""
    if isinstance(value, VaultText):
        return {_VAULT: str(value)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): _shown(item) for key, item in sorted(value.items(), key=_by_name)}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value


def _key(key: object) -> object:
    return str(key) if isinstance(key, str) else key


def _json(value: object) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False, default=str)
