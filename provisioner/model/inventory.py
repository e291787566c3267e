"""Hosts and groups with the variables written beside them; what ran into it at run time is not in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Never

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.records import dataclass


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


class Sealed(Mapping[str, object]):
    """The variables of a file that could not be opened; whoever looks at them is told why, by InputError.

    Those for whom the file is not meant need not care: a vault whose password somebody else has, for instance.
    """

    def __init__(self, why: Sequence[Diagnostic]) -> None:
        self.why = tuple(replace(each, known_code=4) for each in why)  # the code with which Ansible ends for it

    def __getitem__(self, key: str) -> Never:
        raise InputError(self.why)

    def __iter__(self) -> Iterator[str]:
        raise InputError(self.why)

    def __len__(self) -> int:
        raise InputError(self.why)


@dataclass(frozen=True, slots=True)
class VarsFile:
    """One file of ``group_vars`` or ``host_vars``: for whom, and read from where (``inventory`` or ``playbook``)."""

    kind: str
    name: str
    beside: str
    path: str
    values: Mapping[str, object]

    @property
    def why_sealed(self) -> tuple[Diagnostic, ...]:
        """Why it could not be opened, nothing where it was."""
        return self.values.why if isinstance(self.values, Sealed) else ()


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

    def sealed(self, hosts: Iterable[str]) -> tuple[Diagnostic, ...]:
        """Return why variable files of these hosts and their groups could not be opened, nothing where all were."""
        if not any(file.why_sealed for files in self.files.values() for file in files):
            return ()
        owners = dict.fromkeys([("group", "all")])
        for name in hosts:
            groups = self.hosts[name].groups if name in self.hosts else ()
            owners.update(dict.fromkeys([*(("group", group) for group in groups), ("host", name)]))
        found = (why for owner in owners for file in self.files.get(owner, ()) for why in file.why_sealed)
        return tuple(dict.fromkeys(found))
