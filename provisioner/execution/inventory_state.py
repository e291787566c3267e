"""The inventory as it is while running: what was loaded, and hosts and groups added since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from provisioner.diagnostics.errors import UnreadableVariables
from provisioner.loading.draft import Lineage, safe_group_name
from provisioner.loading.patterns import members
from provisioner.loading.variables import LEVELS, host_variables, origin_of
from provisioner.model.inventory import Group, Host, Inventory, VarsFile
from provisioner.variables.scope import Layer, Level

_LEVELS = dict(zip(LEVELS, list(Level)[Level.GROUP_VARS_FILE - 1 : Level.PLAYBOOK_HOST_VARS], strict=True))
LOCALHOST_NAMES = ("localhost", "127.0.0.1", "::1")

VariablesOf = Callable[[str, str], tuple[VarsFile, ...]]
"""Returns the variable files of a ``group`` or ``host`` by its name."""


def _no_files(_kind: str, _name: str) -> tuple[VarsFile, ...]:
    return ()


class InventoryState:
    """Answers which hosts and groups there are and what variables the inventory gives a host.

    ``variables_of`` reads the files of hosts and groups that are made while running. ``has_safe_names``: new groups get
    names that a variable could have (``TRANSFORM_INVALID_GROUP_CHARS``).
    """

    def __init__(
        self, inventory: Inventory, variables_of: VariablesOf = _no_files, *, has_safe_names: bool = False
    ) -> None:
        self.inventory = inventory
        self._variables_of = variables_of
        self._has_safe_names = has_safe_names
        self._layers: dict[str, tuple[Layer, ...]] = {}
        self._groups: dict[str, list[str]] | None = None
        self._grown: list[tuple[str, tuple[str, ...], tuple[str, ...], Mapping[str, Any] | None]] = []
        """What was added while running: host, groups, their parents, and the variables of a new host."""

    def knows(self, host: str) -> bool:
        """Tell whether the host is in the inventory."""
        return host in self.inventory.hosts

    def layers(self, host: str) -> tuple[Layer, ...]:
        """Return the host's variable layers, lowest precedence first; an unknown host has those of ``all``."""
        if host not in self._layers:
            level, found = Level.COMMAND_LINE, []
            for each in host_variables(self.inventory, host):
                level = max(level, _LEVELS[each.level])  # another order of precedence is kept by equal levels
                found.append(Layer(level, each.origin, each.values))
            self._layers[host] = tuple(found)
        return self._layers[host]

    def origin(self, host: str) -> dict[str, str | None]:
        """Return ``inventory_file`` and ``inventory_dir``: what names the host, nothing for one that nothing names."""
        known = self.inventory.hosts.get(host)
        return {} if known is None else origin_of(known.source)

    @property
    def groups(self) -> dict[str, list[str]]:
        """Return ``groups``: every group with all its hosts, children's included."""
        if self._groups is None:
            self._groups = {name: members(self.inventory, name) for name in self.inventory.groups}
            self._groups["all"] = list(dict.fromkeys((*self._groups.get("all", ()), *self.inventory.hosts)))
        return self._groups

    def group_names(self, host: str) -> list[str]:
        """Return the names of the groups a host is in, without ``all``, sorted."""
        known = self.inventory.hosts.get(host)
        return sorted(known.groups) if known is not None else []

    def add_host(self, name: str, groups: tuple[str, ...], variables: Mapping[str, Any]) -> bool:
        """Add a host or more variables and groups to one; return whether anything changed."""
        self._grown.append((name, groups, (), variables))
        known = self.inventory.hosts.get(name)
        merged = {**(known.vars if known else {}), **variables}
        changed = known is None or merged != known.vars
        host = Host(name, merged) if known is None else replace(known, vars=merged)
        hosts = {**self.inventory.hosts, name: host}
        everyone = self.inventory.groups.get("all", Group("all"))
        if name not in everyone.hosts:
            everyone = replace(everyone, hosts=(*everyone.hosts, name))
        self.inventory = replace(self.inventory, hosts=hosts, groups={**self.inventory.groups, "all": everyone})
        if known is None:
            self._read("host", name)
        self._forget()
        return self._add_to_groups(name, groups) or changed

    def add_to_groups(self, host: str, groups: tuple[str, ...], parents: tuple[str, ...] = ()) -> bool:
        """Put a host into groups, which are made where they do not exist; return whether anything changed."""
        self._grown.append((host, groups, parents, None))
        return self._add_to_groups(host, groups, parents)

    def _add_to_groups(self, host: str, groups: tuple[str, ...], parents: tuple[str, ...] = ()) -> bool:
        groups, parents = tuple(map(self.group_name, groups)), tuple(map(self.group_name, parents))
        table = dict(self.inventory.groups)
        before = dict(table)
        for name in groups:
            group = table.get(name, Group(name))
            if host not in group.hosts:
                group = replace(group, hosts=(*group.hosts, host))
            table[name] = group
            for parent in (p for p in parents if p != "all"):
                above = table.get(parent, Group(parent))
                if name not in above.children:
                    above = replace(above, children=(*above.children, name))
                table[parent] = above
        if "ungrouped" in table:
            alone = table["ungrouped"]
            others = (name for name, group in table.items() if name not in ("all", "ungrouped") and host in group.hosts)
            kept = tuple(h for h in alone.hosts if h != host)
            table["ungrouped"] = replace(alone, hosts=kept if next(others, None) else (*kept, host))
        self.inventory = replace(self.inventory, groups=table)
        for name in table.keys() - before.keys():
            self._read("group", name)
        self._regroup(host, groups)
        self._forget()
        return table != before

    def group_name(self, written: str) -> str:
        """Return the name that a new group gets."""
        return safe_group_name(written) if self._has_safe_names else written

    def _regroup(self, host: str, changed: tuple[str, ...]) -> None:
        """Work out anew in which groups hosts are: this one, and those of groups that got parents."""
        groups = self.inventory.groups
        lineage = Lineage({name: (group.children, group.priority) for name, group in groups.items()})
        touched = {host, *(member for name in changed for member in members(self.inventory, name))}
        direct: dict[str, list[str]] = {each: [] for each in touched}
        for name, group in groups.items():
            for member in touched.intersection(group.hosts):
                direct[member].append(name)
        hosts = dict(self.inventory.hosts)
        for each in touched & hosts.keys():
            hosts[each] = replace(hosts[each], groups=lineage.of(direct[each]))
        self.inventory = replace(self.inventory, hosts=hosts)

    def _read(self, kind: str, name: str) -> None:
        """Take over the variable files of something new."""
        found = self._variables_of(kind, name)
        if found:
            self.inventory = replace(self.inventory, files={**self.inventory.files, (kind, name): found})

    def read_again(self) -> None:
        """Take over what files and plugins have for all hosts and groups now: a role brought plugins of its own.

        InputError where one of them fails; nothing is taken over then.
        """
        hosts = dict.fromkeys((*self.inventory.hosts, "localhost"))
        owners = [*(("group", name) for name in self.inventory.groups), *(("host", name) for name in hosts)]
        files = {owner: found for owner in owners if (found := self._variables_of(*owner))}
        fresh = replace(self.inventory, files=files)
        if why := [each for each in fresh.sealed(hosts) if each not in self.inventory.sealed(hosts)]:
            raise UnreadableVariables(why[0])
        self.inventory = fresh
        self._layers.clear()

    def replace(self, inventory: Inventory) -> None:
        """Take a freshly loaded inventory (``meta: refresh_inventory``), and what was added while running again."""
        self.inventory = inventory
        again, self._grown = self._grown, []
        for name, groups, parents, variables in again:
            if variables is not None:
                self.add_host(name, groups, variables)
            elif name in self.inventory.hosts:
                self.add_to_groups(name, groups, parents)
        self._forget()

    def _forget(self) -> None:
        self._layers.clear()
        self._groups = None
