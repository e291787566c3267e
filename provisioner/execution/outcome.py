"""What came of an operation on a host: its final status, its result, and typed effects beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from provisioner.execution.figures import Figure
from provisioner.model.status import Status
from provisioner.records import dataclass
from provisioner.scheduling.stimuli import Ends


@dataclass(frozen=True, slots=True)
class Include:
    """One file or role an include brings to a host. Equal ones are shared between hosts.

    ``variables`` are the include's own vars and its loop item; ``options`` the action's remaining arguments.
    """

    kind: str
    name: str
    variables: Mapping[str, object]
    options: Mapping[str, object]

    @property
    def key(self) -> str:
        """A text equal for includes that can be shared."""
        return repr(
            (self.kind, self.name, sorted(self.variables.items(), key=str), sorted(self.options.items(), key=str))
        )


@dataclass(frozen=True, slots=True)
class NewHost:
    """What ``add_host`` asks for."""

    name: str
    groups: tuple[str, ...]
    variables: Mapping[str, object]


@dataclass
class Effects:
    """What an operation does beside its result. Gathered while it runs, applied when it is finished.

    ``facts`` count as gathered facts, ``variables`` as set_fact, ``included`` as include_vars. ``elsewhere``
    holds facts and variables of other hosts (``delegate_facts``); what is ``registered`` stays with the own one.
    ``gathered``: the facts are those a play gathers.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)
    included: dict[str, Any] = field(default_factory=dict)
    includes: list[Include] = field(default_factory=list)
    new_hosts: list[NewHost] = field(default_factory=list)
    new_groups: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    ends: Ends | None = None
    elsewhere: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    gathered: bool = False
    clear_facts: bool = False
    clear_errors: bool = False
    refresh_inventory: bool = False
    acts: bool = False
    """A module changes something, whatever ``changed_when`` makes of it."""

    def forget(self) -> None:
        """Leave out what only a task that did not fail brings: facts, variables, hosts and groups."""
        for gathered in (self.facts, self.variables, self.included, self.elsewhere):
            gathered.clear()
        self.new_hosts.clear()
        self.new_groups.clear()
        self.gathered = False

    @property
    def reach_further(self) -> bool:
        """Tell whether anything but the host's own named values is concerned."""
        cleared = self.clear_facts or self.clear_errors or self.refresh_inventory
        return bool(cleared or self.ends or self.new_hosts or self.new_groups or self.elsewhere or self.facts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt."""

    status: Status
    result: Mapping[str, Any]
    effects: Effects
    no_log: bool = False
    delegated_to: str = ""
    notify: tuple[str, ...] = ()
    is_fatal: bool = False
    is_recalled: bool = False
    """An earlier run did it; this one goes on from there."""
    notified: tuple[str, ...] = ()
    """The handlers (their ids) that it notified there, those among them that were owed from before."""
    is_told_by_items: bool = False
    """It is hidden only as items of its loop, which stand for themselves, said so of their own results."""

    @property
    def may_be_passed(self) -> bool:
        """Tell whether what comes next may be sent before this takes effect: it ends nothing and changes no group."""
        return not self.status.is_bad and not self.effects.reach_further
