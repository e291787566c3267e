"""An inventory while its sources are being read; ``finish`` makes the frozen one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.hostnames import BadRange, expand
from provisioner.model.inventory import Group, Host, Inventory, VarsFile

ALL, UNGROUPED = "all", "ungrouped"
PRIORITY = "ansible_group_priority"


@dataclass(slots=True)
class _Group:
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    vars: dict[str, object] = field(default_factory=dict)
    priority: int = 1


class Draft:
    """Hosts and groups gathered from one source after the other; later values win."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.hosts: dict[str, dict[str, object]] = {}
        self.groups: dict[str, _Group] = {ALL: _Group(), UNGROUPED: _Group()}

    def group(self, name: str) -> None:
        """Make sure the group exists."""
        self.groups.setdefault(str(name), _Group())

    def host(self, word: str, group: str, values: Mapping[str, object], position: Position | None) -> list[str]:
        """Add the hosts of a word (a name or a range) to a group; return their names."""
        try:
            names, port = expand(str(word))
        except BadRange as error:
            self.findings.error(str(error), position)
            return []
        self.group(group)
        for name in names:
            own = self.hosts.setdefault(name, {})
            if port is not None:
                own["ansible_port"] = port
            own.update(values)
            self.groups[group].hosts[name] = None
        return names

    def child(self, parent: str, child: str, position: Position | None) -> None:
        """Put a group below another one; a circle is an error."""
        self.group(parent)
        self.group(child)
        if parent == child or parent in self._below(child):
            self.findings.error(f"group '{child}' cannot be below '{parent}': '{parent}' is already below it", position)
            return
        self.groups[parent].children[child] = None

    def _below(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            children = self.groups[waiting.pop()].children
            waiting += [each for each in children if each not in found]
            found.update(children)
        return found

    def group_vars(self, name: str, values: Mapping[str, object]) -> None:
        """Add variables to a group."""
        self.group(name)
        group = self.groups[name]
        for key, value in values.items():
            if key == PRIORITY:
                self._priority(group, key, value)
            else:
                group.vars[key] = value

    def _priority(self, group: _Group, key: str, value: object) -> None:
        try:
            group.priority = int(str(value))
        except ValueError:
            self.findings.error(
                f"{PRIORITY} must be a whole number, not '{value}'", position_of(value) or position_of(key)
            )

    def finish(self, files: tuple[VarsFile, ...], sources: tuple[str, ...]) -> Inventory:
        """Return the frozen inventory: every group below ``all``, lone hosts in ``ungrouped``."""
        below = {child for group in self.groups.values() for child in group.children}
        grouped = {h for name, group in self.groups.items() if name not in (ALL, UNGROUPED) for h in group.hosts}
        top = [name for name in self.groups if name != ALL and name not in below]
        lone = [name for name in self.hosts if name not in grouped]
        self.groups[UNGROUPED].hosts = dict.fromkeys(lone)
        own = self.groups[ALL]
        own.children = dict.fromkeys([UNGROUPED, *own.children, *top])
        groups = {
            name: Group(name, tuple(g.hosts), tuple(g.children), dict(g.vars), g.priority)
            for name, g in self.groups.items()
        }
        member = self._memberships()
        hosts = {name: Host(name, dict(values), member[name]) for name, values in self.hosts.items()}
        return Inventory(hosts, groups, files, sources)

    def _memberships(self) -> dict[str, tuple[str, ...]]:
        """Return the groups of each host, ancestors included, outermost first (``all`` is left out)."""
        depths = self._depths()
        parents: dict[str, set[str]] = {name: set() for name in self.groups}
        for name, group in self.groups.items():
            for child in group.children:
                parents[child] |= {name}
        direct: dict[str, set[str]] = {name: set() for name in self.hosts}
        for name, group in self.groups.items():
            for host in group.hosts:
                direct[host].add(name)
        found = {}
        for host, near in direct.items():
            reached: set[str] = set()
            waiting = list(near)
            while waiting:
                name = waiting.pop()
                if name not in reached:
                    reached.add(name)
                    waiting += parents[name]
            reached.discard(ALL)
            found[host] = tuple(sorted(reached, key=lambda n: (depths[n], self.groups[n].priority, n)))
        return found

    def _depths(self) -> dict[str, int]:
        depths = dict.fromkeys(self.groups, 0)
        waiting = [ALL]
        while waiting:
            name = waiting.pop(0)
            for child in self.groups[name].children:
                if depths[child] < depths[name] + 1:
                    depths[child] = depths[name] + 1
                    waiting.append(child)
        return depths
