"""Tasks, blocks, role uses: the tree below a play, as written, before any host is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.position import Position
from provisioner.model.keywords import EMPTY, UNSET, Keywords
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class LoopControl:
    """The ``loop_control`` keyword; strings may be templates."""

    loop_var: str = "item"
    index_var: str | None = None
    label: object = None
    pause: object = 0
    extended: object = False
    extended_allitems: object = True
    break_when: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """What a task loops over. ``kind`` is ``loop`` or the lookup's name (``items`` for ``with_items``)."""

    kind: str
    value: object
    control: LoopControl = LoopControl()


@dataclass(frozen=True, slots=True)
class Until:
    """``until``, ``retries`` and ``delay`` as written. ``conditions`` may be empty: then success is what is awaited.

    ``retries`` None means three tries in all; a number means as many tries after the first.
    """

    conditions: tuple[object, ...] = ()
    retries: object = None
    delay: object = 5


@dataclass(frozen=True, slots=True)
class Graphing:
    """The keys that shape the graph: ``id`` and ``needs``."""

    id: str | None = None
    needs: tuple[str, ...] = ()


UNORDERED = Graphing()


@dataclass(frozen=True, slots=True)
class Task:
    """One task or handler as written.

    ``action`` is the module's short name for what ships with us (``copy``, whatever name was written), the written
    name otherwise. ``args`` are its parameters, free form already split; ``action_template`` is set where the name
    itself is a template. ``name`` is as written (it may be a template) or empty. ``mistakes`` are those it was
    written with; a run gets to see them only where it is to fail the task with them.
    """

    action: str
    args: Mapping[str, object]
    position: Position
    name: str = ""
    keywords: Keywords = EMPTY
    register: str | None = None
    loop: Loop | None = None
    until: Until | None = None
    changed_when: tuple[object, ...] | None = None
    failed_when: tuple[object, ...] | None = None
    listen: tuple[str, ...] = ()
    async_s: object = 0
    poll_s: object = 15
    graphing: Graphing = UNORDERED
    verify: tuple[Check, ...] = ()
    revert: tuple[Node, ...] = ()
    written_action: str = ""
    mistakes: tuple[Diagnostic, ...] = ()

    @property
    def title(self) -> str:
        """What to call it where it has no name; the include of a role is told from others by the role's."""
        action = self.written_action or self.action
        role = self.args.get("name", self.args.get("role")) if self.action == "include_role" else None
        return self.name or (f"{action} : {role}" if role else action)

    @property
    def is_flush(self) -> bool:
        """Tell whether the task is ``meta: flush_handlers``."""
        return self.action == "meta" and self.args.get("_raw_params", self.args.get("free_form")) == "flush_handlers"


@dataclass(frozen=True, slots=True)
class Check:
    """One item of a ``verify`` list: a declarative check (``kind`` port, http, ...) or ``testinfra`` files."""

    kind: str
    args: Mapping[str, object]
    position: Position


@dataclass(frozen=True, slots=True)
class Guard:
    """``guard`` of a block: undone by the host itself unless confirmed within ``confirm_s``, after the checks hold.

    ``survives_reboot``: also where the host is booted meanwhile.
    """

    confirm_s: float
    checks: tuple[Check, ...]
    position: Position
    survives_reboot: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Tasks together, with ``rescue`` and ``always``. An imported file is a block without either."""

    block: tuple[Node, ...]
    position: Position
    rescue: tuple[Node, ...] = ()
    always: tuple[Node, ...] = ()
    name: str = ""
    keywords: Keywords = EMPTY
    graphing: Graphing = UNORDERED
    verify: tuple[Check, ...] = ()
    revert: tuple[Node, ...] = ()
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role as loaded from its folder (with ``tasks_from`` and the like already applied).

    ``defaults`` and ``vars`` are merged over ``main`` files; ``dependencies`` come first when the role runs.
    ``argument_specs`` are those of ``meta/argument_specs.yml`` by entry point; ``entry_point`` names the tasks file
    this is (``main``, or ``tasks_from``).
    """

    name: str
    path: str
    tasks: tuple[Node, ...] = ()
    handlers: tuple[Task | Block, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    vars: Mapping[str, object] = field(default_factory=dict)
    dependencies: tuple[RoleUse, ...] = ()
    allow_duplicates: bool = False
    collection: str | None = None
    argument_specs: Mapping[str, object] = field(default_factory=dict)
    entry_point: str = "main"
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleUse:
    """A role where it is used: in ``roles:``, as a dependency, by ``import_role`` or ``include_role``.

    ``params`` are the variables given beside the role's name (precedence: role parameters). ``public`` says whether
    its defaults and vars become visible to the rest of the play. ``is_included``: a task imports or includes it.
    """

    role: Role
    position: Position
    params: Mapping[str, object] = field(default_factory=dict)
    keywords: Keywords = EMPTY
    public: bool = True
    graphing: Graphing = UNORDERED
    verify: tuple[Check, ...] = ()
    is_included: bool = False


Node: TypeAlias = "Task | Block | RoleUse"

__all__ = ["UNSET", "Block", "Check", "Graphing", "Loop", "LoopControl", "Node", "Role", "RoleUse", "Task", "Until"]
