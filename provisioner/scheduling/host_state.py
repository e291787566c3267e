"""One host's way through a graph: instance states, blocks that failed, handlers notified."""

from __future__ import annotations

from array import array
from enum import IntEnum

from provisioner.graph.operation import Branch, RoleContext, Section
from provisioner.model.status import Status


class Phase(IntEnum):
    """Where an instance (operation on a host) stands.

    PASSED: looked over while sending ahead; it still has to be settled in its turn. HELD: waiting for a slot or lock.
    """

    WAITING = 0
    PASSED = 1
    DEFERRED = 2
    HELD = 3
    RUNNING = 4
    SENT = 5
    EXPANDING = 6
    SETTLED = 7


LEFT_BEHIND = frozenset({Phase.SENT, Phase.PASSED, Phase.SETTLED})


class HostState:
    """The part of the run state that belongs to one host; ``left[n]`` counts what node ``n`` still waits for."""

    __slots__ = (
        "doomed",
        "ended",
        "ended_uses",
        "failed_blocks",
        "gone",
        "has_failed_handler",
        "in_flight",
        "left",
        "may_notify",
        "name",
        "nodes",
        "notified",
        "open",
        "phase",
        "played",
        "rescue_failed",
    )

    def __init__(self, name: str, left: array[int], nodes: int) -> None:
        self.name = name
        self.left = left
        self.phase = bytearray(nodes)
        self.nodes: dict[str, int] = {}
        self.failed_blocks: set[str] = set()
        self.rescue_failed: set[str] = set()
        self.notified: dict[str, None] = {}
        self.in_flight: set[int] = set()
        self.may_notify = 0
        self.doomed = False
        self.gone = False
        self.ended = False
        self.ended_uses: set[str] = set()
        self.has_failed_handler = False
        self.played: dict[str, str] = {}
        self.open = nodes

    @property
    def is_live(self) -> bool:
        """Tell whether the host still takes part in the play."""
        return not (self.doomed or self.gone or self.ended)

    def grow(self, count: int) -> None:
        """Make room for ``count`` more nodes, which this host has no part in until told so."""
        self.left.extend([0] * count)
        self.phase.extend(bytes([Phase.SETTLED]) * count)

    def fail(self, branches: tuple[Branch, ...]) -> bool:
        """Note a failure at this place; return whether a rescue takes it up."""
        for branch in reversed(branches):
            if branch.section is Section.BLOCK:
                self.failed_blocks.add(branch.block)
                if branch.has_rescue:
                    return True
            else:
                self.rescue_failed.add(f"{branch.block}/{branch.section.value}")
            if branch.section is Section.RESCUE:
                self.failed_blocks.add(branch.block)  # one that fails with others was not in it: its ``always`` runs
        self.doomed = True
        return False

    def play_role(self, role: RoleContext, status: Status) -> None:
        """Note that a task of a role ran: the role need not run again here, unless it broke off."""
        if not role.identity:
            return
        if status in (Status.OK, Status.CHANGED, Status.IGNORED):
            self.played.setdefault(role.identity, role.uses[-1])
        elif status is Status.FAILED and self.played.get(role.identity) == role.uses[-1]:
            del self.played[role.identity]

    def has_played(self, role: RoleContext) -> bool:
        """Tell whether an earlier use of the role with the same parameters ran here."""
        if role.may_repeat or not role.identity:
            return False
        return self.played.get(role.identity, role.uses[-1]) != role.uses[-1]

    def forgive(self, branches: tuple[Branch, ...]) -> bool:
        """Forget failures of a host that only runs an ``always`` yet; return whether it takes part again."""
        start = self._last_open_always(branches)
        if self.gone or start is None:
            return False
        for branch in branches[:start]:
            self.failed_blocks.discard(branch.block)
            self.rescue_failed.discard(f"{branch.block}/{branch.section.value}")
        self.doomed = False
        return True

    def fate(self, branches: tuple[Branch, ...]) -> Status | None:
        """Return None where the host runs an operation at this place, else how it is passed by."""
        if self.gone:
            return Status.NOT_RUN
        if self.ended:
            return Status.BYPASSED
        start = self._last_open_always(branches)
        if self.doomed and start is None:
            return Status.NOT_RUN
        for branch in branches[start or 0 :]:
            if self._is_closed(branch):
                return Status.BYPASSED
        return None

    def _last_open_always(self, branches: tuple[Branch, ...]) -> int | None:
        """Return the innermost step that is the ``always`` of a block that broke: it runs whatever lies outside."""
        for index in range(len(branches) - 1, -1, -1):
            branch = branches[index]
            if branch.section is Section.ALWAYS and branch.block in self.failed_blocks:
                return index
        return None

    def _is_closed(self, branch: Branch) -> bool:
        if branch.section is Section.BLOCK:
            return branch.block in self.failed_blocks
        if f"{branch.block}/{branch.section.value}" in self.rescue_failed:
            return True
        return branch.section is Section.RESCUE and branch.block not in self.failed_blocks


def would_rescue(branches: tuple[Branch, ...]) -> bool:
    """Tell whether a failure at this place is taken up by a rescue."""
    return any(b.section is Section.BLOCK and b.has_rescue for b in branches)
