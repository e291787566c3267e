"""An operation: a task in its play, free of hosts. The nodes of the graph."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from provisioner.diagnostics.position import Position
from provisioner.model.keywords import EMPTY, Keywords
from provisioner.model.task import Role, Task
from provisioner.records import dataclass
from provisioner.variables.scope import Layer


class Kind(Enum):
    """What a node does. TASK runs on hosts; FLUSH lets notified handlers run; JOIN is where an include's tasks come
    together again; BARRIER opens when every host still in the batch has passed what lies before it."""

    TASK = "task"
    FLUSH = "flush"
    JOIN = "join"
    BARRIER = "barrier"


class Edge(Enum):
    """Why one node comes after another."""

    AFTER = "after"
    NEEDS = "needs"
    DATA = "data"
    NOTIFIES = "notifies"


class Section(Enum):
    """The three parts of a block."""

    BLOCK = "block"
    RESCUE = "rescue"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Branch:
    """One step of an operation's way through nested blocks, outermost first."""

    block: str
    section: Section
    has_rescue: bool
    has_always: bool = False


def enclosed(branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """Return the way into a block of its own without ``rescue`` or ``always``: a plain block, an include, a role.

    It matters only inside a block that has them: what fails twice at once has left that one only when it goes on.
    """
    if not branches or not (branches[-1].has_rescue or branches[-1].has_always):
        return branches
    around = branches[-1]
    return (*branches, Branch(f"{around.block}.{around.section.value}", Section.BLOCK, has_rescue=False))


@dataclass(frozen=True, slots=True)
class RoleContext:
    """The role an operation belongs to: for file lookup, magic variables and handler names."""

    name: str
    path: str
    parents: tuple[str, ...] = ()
    collection: str | None = None
    role: Role | None = field(default=None, repr=False, compare=False)
    uses: tuple[str, ...] = ()
    """This use of the role and those it lies in, outermost first; handlers belong to no use."""
    identity: str = ""
    """What it runs once for on a host: the role with its parameters."""
    may_repeat: bool = False
    """Whether it runs although an earlier use of the same identity ran."""
    is_again: bool = False
    """Whether another use of the same identity stands before this one, and one of them is enough."""

    @property
    def full_name(self) -> str:
        """The name with its collection in front, as titles of tasks show it."""
        is_full = not self.collection or self.name.startswith(f"{self.collection}.")
        return self.name if is_full else f"{self.collection}.{self.name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A node. ``keywords`` are the effective ones; ``layers`` the variables that come with its place in the tree.

    ``outer`` are the keywords of what encloses the task: included tasks inherit those, not the include's own.
    ``gathers`` says that expansions wait until every host has answered (linear), so that equal ones are shared.
    ``handler`` is the handler's id inside a flush, empty elsewhere. ``units`` are the ``id`` names
    it belongs to and ``needs`` what it or something around it must wait for. ``runs_once``: one host runs it for all.
    ``asks_first``: whether it runs once, or how many may run it at a time, is a template that the first host renders.
    """

    id: str
    kind: Kind
    play: str
    position: Position
    task: Task | None = None
    keywords: Keywords = EMPTY
    outer: Keywords = EMPTY
    branches: tuple[Branch, ...] = ()
    layers: tuple[Layer, ...] = ()
    role: RoleContext | None = None
    handler: str = ""
    units: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    gathers: bool = False
    section: str = "tasks"
    runs_once: bool = False
    asks_first: bool = False

    @property
    def is_include(self) -> bool:
        """Tell whether running it brings further operations."""
        if self.task is None or self.kind is not Kind.TASK:
            return False
        return self.task.action in {"include_tasks", "include_role"} or self.is_conditional_flush

    @property
    def is_conditional_flush(self) -> bool:
        """Tell whether it is ``meta: flush_handlers`` with a condition: it brings the handlers where that holds."""
        return self.kind is Kind.TASK and self.task is not None and self.task.is_flush

    @property
    def title(self) -> str:
        """The name as written, with the role before it; the include of a role does without, as in Ansible."""
        if self.task is None:
            return self.kind.value
        if self.role is None or self.task.action == "include_role":
            return self.task.title
        return f"{self.role.full_name} : {self.task.title}"
