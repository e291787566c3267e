"""One host's way through a graph: instance states, blocks that failed, handlers notified."""

from __future__ import annotations

from array import array
from dataclasses import replace
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
        "place",
        "played",
        "rescue_failed",
        "shares_failure",
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
        self.place: tuple[Branch, ...] | None = ()
        """Where it ran something last, or where its failure led it; None on its way out of a block without one."""
        self.shares_failure = False
        """Whether another host's failure was to be its own too: a rescue lets it go on here, but in no later play."""

    @property
    def is_live(self) -> bool:
        """Tell whether the host still takes part in the play."""
        return not (self.doomed or self.gone or self.ended)

    @property
    def is_out(self) -> bool:
        """Tell whether a failure, its own or another's, keeps the host out of later plays."""
        return self.doomed or self.shares_failure

    def grow(self, count: int) -> None:
        """Make room for ``count`` more nodes, which this host has no part in until told so."""
        self.left.extend([0] * count)
        self.phase.extend(bytes([Phase.SETTLED]) * count)

    def fail(self, branches: tuple[Branch, ...]) -> bool:
        """Note a failure at this place; return whether a rescue takes it up."""
        self.place = _way_out(branches)
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

    def fail_along(self, branches: tuple[Branch, ...] | None, times: int) -> None:
        """Fail as another host did at a place: there, or where the host is, having failed before or no part in it.

        The second of two ``times`` fails the very section that takes up the first.
        """
        self.shares_failure = True
        is_apart = branches is None or self.doomed or any(self._has_broken(branch) for branch in branches)
        place = self.place if is_apart else branches
        is_elsewhere = place is not None and self.fate(place) is not None
        for _ in range(1 if is_elsewhere else times):
            if place is not None and not (self.gone or self.ended):
                self.fail(place)
                place = self.place

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
        if self._has_broken(branch):
            return True
        return branch.section is Section.RESCUE and branch.block not in self.failed_blocks

    def _has_broken(self, branch: Branch) -> bool:
        if branch.section is Section.BLOCK:
            return branch.block in self.failed_blocks
        return f"{branch.block}/{branch.section.value}" in self.rescue_failed


def _way_out(branches: tuple[Branch, ...]) -> tuple[Branch, ...] | None:
    """Return the section of the innermost block in which a host goes on that fails at a place; None without one."""
    if not branches:
        return None
    *outer, branch = branches
    if branch.section is Section.BLOCK and branch.has_rescue:
        return (*outer, replace(branch, section=Section.RESCUE))
    if branch.section is not Section.ALWAYS and branch.has_always:
        return (*outer, replace(branch, section=Section.ALWAYS))
    return None


def would_rescue(branches: tuple[Branch, ...]) -> bool:
    """Tell whether a failure at this place is taken up by a rescue."""
    return any(b.section is Section.BLOCK and b.has_rescue for b in branches)
