"""An inventory while its sources are being read; ``finish`` makes the frozen one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.hostnames import BadRange, expand
from provisioner.model.inventory import Group, Host, Inventory
from provisioner.records import dataclass

ALL, UNGROUPED = "all", "ungrouped"
PRIORITY = "ansible_group_priority"

_WRONG_IN_NAMES = re.compile(r"^[\d\W]|\W")
_REPLACED = "Invalid characters were found in group names and automatically replaced"
_KEPT = "Invalid characters were found in group names but not replaced"


def safe_group_name(name: str) -> str:
    """Return a group's name with every character that a variable's name cannot have as an underscore."""
    return _WRONG_IN_NAMES.sub("_", name)


@dataclass(slots=True)
class DraftGroup:
    """A group so far."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    vars: dict[str, object] = field(default_factory=dict)
    priority: int = 1


class Draft:
    """Hosts and groups gathered from one source after the other; later values win.

    ``group_names`` says what becomes of characters in the names of groups (``TRANSFORM_INVALID_GROUP_CHARS``).
    ``source`` is what is being read now: a host belongs to the source that names it first.
    """

    def __init__(self, findings: Findings, group_names: str = "ignore") -> None:
        self.findings = findings
        self.hosts: dict[str, dict[str, object]] = {}
        self.groups: dict[str, DraftGroup] = {ALL: DraftGroup(), UNGROUPED: DraftGroup()}
        self.origins: dict[str, str] = {}
        self.source = ""
        self.links = 0
        """How often a group was put below another one."""
        self._group_names = group_names
        self.merges = False
        """Whether dictionaries of several sources are joined (``hash_behaviour=merge``)."""
        self._names: dict[str, str] = {}

    def group(self, name: str) -> str:
        """Make sure the group exists; return the name it has."""
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = self._name_of_group(str(name))
        if known not in self.groups:
            self.groups[known] = DraftGroup()
        return known

    def _name_of_group(self, name: str) -> str:
        if self._group_names == "ignore" or not _WRONG_IN_NAMES.search(name):
            return name
        if self._group_names == "never":
            self.findings.warn(_KEPT, hint="TRANSFORM_INVALID_GROUP_CHARS says what becomes of them")
            return name
        if self._group_names == "always":
            self.findings.warn(_REPLACED, hint="TRANSFORM_INVALID_GROUP_CHARS says what becomes of them")
        return safe_group_name(name)

    def host(self, word: str, group: str, values: Mapping[str, object], position: Position | None) -> list[str]:
        """Add the hosts of a word (a name or a range) to a group; return their names."""
        try:
            names, port = expand(str(word))
        except BadRange as error:
            self.findings.error(str(error), position)
            return []
        if not names:
            self.findings.warn(f"the range in '{word}' counts backwards: it stands for no host", position)
        if port is not None:
            values = {"ansible_port": port, **values}
        for name in names:
            self.add_host(name, group, values)
        return names

    def add_host(self, name: str, group: str, values: Mapping[str, object]) -> None:
        """Add one host to a group; the name is taken as it is."""
        own = self.hosts.get(name)
        if own is None:
            own = self.hosts[name] = {}
            self.origins[name] = self.source
        for key, value in (values or {}).items():
            own[key] = self._with_known(own, key, value)
        self.groups[self.group(group)].hosts[name] = None

    def child(self, parent: str, child: str, position: Position | None) -> None:
        """Put a group below another one; a circle is an error."""
        parent, child = self.group(parent), self.group(child)
        if parent == child:
            self.findings.error(f"can't add group to itself: '{child}' is no child of its own", position)
            return
        if child in self.groups[parent].children:
            return
        if parent in self.below(child):
            self.findings.error(
                f"Adding group '{child}' as child to '{parent}' creates a recursive dependency loop", position,
                detail=f"'{parent}' is already below '{child}'",
            )  # fmt: skip
            return
        self.groups[parent].children[child] = None
        self.links += 1

    def below(self, name: str) -> set[str]:
        """Return the groups below a group, however deep."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            children = self.groups[waiting.pop()].children
            waiting += [each for each in children if each not in found]
            found.update(children)
        return found

    def group_vars(self, name: str, values: Mapping[str, object]) -> None:
        """Add variables to a group."""
        group = self.groups[self.group(name)]
        for key, value in values.items():
            if key == PRIORITY:
                self._priority(group, key, value)
            else:
                group.vars[key] = self._with_known(group.vars, key, value)

    def _with_known(self, own: Mapping[str, object], key: str, value: object) -> object:
        """Return a value, joined with what an earlier source says of it where dictionaries are merged."""
        known = own.get(key) if self.merges else None
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            joined = dict(known)
            for name, item in value.items():
                joined[name] = self._with_known(joined, name, item)
            return joined
        return value

    def _priority(self, group: DraftGroup, key: str, value: object) -> None:
        try:
            group.priority = int(str(value))
        except ValueError:
            self.findings.error(
                f"{PRIORITY} must be a whole number, not '{value}'", position_of(value) or position_of(key)
            )

    def top(self) -> list[str]:
        """Return the groups that stand below ``all`` although nothing says so."""
        below = {child for group in self.groups.values() for child in group.children}
        return [name for name in self.groups if name != ALL and name not in below]

    def finish(self, sources: tuple[str, ...] = ()) -> Inventory:
        """Return the frozen inventory: every group below ``all``, lone hosts in ``ungrouped``."""
        top = self.top()
        grouped = {h for name, group in self.groups.items() if name not in (ALL, UNGROUPED) for h in group.hosts}
        self.groups[UNGROUPED].hosts = dict.fromkeys(name for name in self.hosts if name not in grouped)
        own = self.groups[ALL]
        own.children = dict.fromkeys([UNGROUPED, *own.children, *top])
        groups = {
            name: Group(name, tuple(g.hosts), tuple(g.children), dict(g.vars), g.priority)
            for name, g in self.groups.items()
        }
        member = self.memberships(self.hosts)
        hosts = {
            name: Host(name, dict(values), member[name], self.origins.get(name, ""))
            for name, values in self.hosts.items()
        }
        return Inventory(hosts, groups, sources=sources)

    def memberships(self, hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the groups of each host, ancestors included, outermost first (``all`` is left out)."""
        direct: dict[str, list[str]] = {name: [] for name in hosts}
        for name, group in self.groups.items():
            for host in group.hosts:
                if host in direct:
                    direct[host].append(name)
        lineage = Lineage({name: (group.children, group.priority) for name, group in self.groups.items()})
        known: dict[tuple[str, ...], tuple[str, ...]] = {}
        found = {}
        for host, near in direct.items():
            key = tuple(near)
            if key not in known:
                known[key] = lineage.of(key)
            found[host] = known[key]
        return found


class Lineage:
    """Which groups contain which, from the children and the priority of each."""

    def __init__(self, groups: Mapping[str, tuple[Iterable[str], int]]) -> None:
        self._priorities = {name: priority for name, (_, priority) in groups.items()}
        self._parents: dict[str, list[str]] = {name: [] for name in groups}
        self._depths = dict.fromkeys(groups, 0)
        for name, (children, _) in groups.items():
            for child in children:
                self._parents[child].append(name)
        children_of = {name: tuple(children) for name, (children, _) in groups.items()}
        for name in groups:
            if name != ALL and not self._parents[name]:
                self._depths[name] = 1
        waiting = list(groups)
        while waiting:
            name = waiting.pop(0)
            for child in children_of[name]:
                if self._depths[child] < self._depths[name] + 1:
                    self._depths[child] = self._depths[name] + 1
                    waiting.append(child)

    def of(self, near: Iterable[str]) -> tuple[str, ...]:
        """Return these groups and all that contain them, outermost first; ``all`` is left out."""
        reached: set[str] = set()
        waiting = list(near)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self._parents[name]
        reached.discard(ALL)
        return tuple(sorted(reached, key=lambda name: (self._depths[name], self._priorities[name], name)))
