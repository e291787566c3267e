"""Hosts and groups with the variables written beside them; what ran into it at run time is not in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Host:
    """One inventory host; ``vars`` are those of the inventory files themselves.

    ``groups`` are all groups it is in, outermost first, without ``all``. ``source`` is what named it first.
    """

    name: str
    vars: Mapping[str, object] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its direct hosts and child groups, in the order written."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)
    priority: int = 1


@dataclass(frozen=True, slots=True)
class VarsFile:
    """One file of ``group_vars`` or ``host_vars``: for whom, and read from where (``inventory`` or ``playbook``)."""

    kind: str
    name: str
    beside: str
    path: str
    values: Mapping[str, object]


FilesByOwner = Mapping[tuple[str, str], tuple[VarsFile, ...]]
"""Variable files by (``group`` or ``host``, name), weakest first."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts and groups; ``all`` and ``ungrouped`` always exist. ``sources`` are the paths it came from.

    ``precedence`` is the order in which the kinds of group variables count; empty means the usual one.
    """

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    files: FilesByOwner = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    precedence: tuple[str, ...] = ()
