"""The inventory as it is while running: what was loaded, and hosts and groups added since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from provisioner.loading.variables import LEVELS, host_variables
from provisioner.model.inventory import Group, Host, Inventory
from provisioner.variables.scope import Layer, Level

_LEVELS = dict(zip(LEVELS, list(Level)[Level.GROUP_VARS_FILE - 1 : Level.PLAYBOOK_HOST_VARS], strict=True))
LOCALHOST_NAMES = ("localhost", "127.0.0.1", "::1")


class InventoryState:
    """Answers which hosts and groups there are and what variables the inventory gives a host."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._layers: dict[str, tuple[Layer, ...]] = {}
        self._groups: dict[str, list[str]] | None = None

    def knows(self, host: str) -> bool:
        """Tell whether the host is in the inventory."""
        return host in self.inventory.hosts

    def layers(self, host: str) -> tuple[Layer, ...]:
        """Return the host's variable layers, lowest precedence first; an unknown host has those of ``all``."""
        if host not in self._layers:
            found = host_variables(self.inventory, host)
            self._layers[host] = tuple(Layer(_LEVELS[each.level], each.origin, each.values) for each in found)
        return self._layers[host]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Return ``groups``: every group with all its hosts, children's included."""
        if self._groups is None:
            self._groups = {name: self._members(name, set()) for name in self.inventory.groups}
        return self._groups

    def group_names(self, host: str) -> list[str]:
        """Return the names of the groups a host is in, without ``all``, sorted."""
        return sorted(name for name, members in self.groups.items() if name != "all" and host in members)

    def _members(self, name: str, seen: set[str]) -> list[str]:
        if name in seen or name not in self.inventory.groups:
            return []
        seen.add(name)
        group = self.inventory.groups[name]
        if name == "all":
            return list(self.inventory.hosts)
        found = dict.fromkeys(group.hosts)
        for child in group.children:
            found.update(dict.fromkeys(self._members(child, seen)))
        return list(found)

    def add_host(self, name: str, groups: tuple[str, ...], variables: Mapping[str, Any]) -> bool:
        """Add a host or more variables and groups to one; return whether anything changed."""
        known = self.inventory.hosts.get(name)
        merged = {**(known.vars if known else {}), **variables}
        changed = known is None or merged != known.vars
        hosts = {**self.inventory.hosts, name: Host(name, merged, known.groups if known else ())}
        everyone = self.inventory.groups.get("all", Group("all"))
        if name not in everyone.hosts:
            everyone = replace(everyone, hosts=(*everyone.hosts, name))
        self.inventory = replace(self.inventory, hosts=hosts, groups={**self.inventory.groups, "all": everyone})
        self._forget()
        return self.add_to_groups(name, groups) or changed

    def add_to_groups(self, host: str, groups: tuple[str, ...], parents: tuple[str, ...] = ()) -> bool:
        """Put a host into groups, which are made where they do not exist; return whether anything changed."""
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
        if groups and "ungrouped" in table:
            alone = table["ungrouped"]
            table["ungrouped"] = replace(alone, hosts=tuple(h for h in alone.hosts if h != host))
        known = self.inventory.hosts[host]
        before_now = (g for g in known.groups if g != "ungrouped" or not groups)
        joined = tuple(dict.fromkeys((*before_now, *(p for p in parents if p != "all"), *groups)))
        hosts = {**self.inventory.hosts, host: replace(known, groups=joined)}
        self.inventory = replace(self.inventory, hosts=hosts)
        self.inventory = replace(self.inventory, groups=table)
        self._forget()
        return table != before

    def replace(self, inventory: Inventory) -> None:
        """Take a freshly loaded inventory (``meta: refresh_inventory``)."""
        self.inventory = inventory
        self._forget()

    def _forget(self) -> None:
        self._layers.clear()
        self._groups = None
