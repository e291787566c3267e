"""What a session does about lost contact: seek it again for a while, and send again what was not answered.

Sending again is safe as hosts record each operation under its key (remote/oplog.py): what was done is answered from the
record, what was not begun is run, and only what was cut off in the middle and must not be run twice stays unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from provisioner.diagnostics.errors import TargetError
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target

from .failures import where
from .identity import Identity
from .links import Link, Notice
from .outgoing import Breaking, Frames, Outgoing

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
LOSSES = 3
"""How often contact may be lost while one request is out: what kills its worker each time is not sent for ever."""


class Recovery:
    """One session's way back; used by its threads, one at a time."""

    def __init__(
        self,
        identity: Identity,
        target: Target,
        become: Become | None,
        renew: Callable[[Target, Link], Link],
        notice: Notice,
    ) -> None:
        self.identity, self._target, self._become = identity, target, become
        self._renew, self._notice = renew, notice
        self._lost_at: float | None = None
        self._was_up = False
        self._wait_s = FIRST_WAIT_S
        self._broken: dict[str, str] = {}

    def introduce(self, frames: Frames) -> None:
        """Tell a new worker what it works for, and which chains are broken already."""
        identity = self.identity
        frames.send_run(identity.log(self._target, self._become), identity.lease(self._target), identity.seal)
        self._was_up = True
        frames.send([Breaking(chain, link) for chain, link in self._broken.items()])

    def note_break(self, breaking: Breaking) -> None:
        """Remember a chain that was broken, for the next worker."""
        self._broken.setdefault(breaking.chain, breaking.link)

    def note_reply(self, request: Request, reply: Reply) -> None:
        """Remember that contact works, and the chain that a failure broke."""
        self._lost_at, self._wait_s = None, FIRST_WAIT_S
        if request.chain and request.stop_chain and reply.result is not None and reply.result.get("failed"):
            self._broken.setdefault(request.chain, request.link)

    def may_send_again(self, unanswered: list[Outgoing], why: str) -> bool:
        """Tell whether contact is to be sought again for these requests, which were out when it was lost."""
        if self.identity.reconnect_s <= 0 or any(item.losses >= LOSSES for item in unanswered):
            return False
        if any(item.request.op == "" and not item.request.check for item in unanswered):
            return False  # not recorded there: nobody could say whether it was done
        if unanswered and self._lost_at is None:
            self._lost_at = time.monotonic()
            self._notice(f"{why}; connecting again")
        for item in unanswered:
            item.losses += 1
        return True

    def next_wait(self) -> float | None:
        """Return how long to wait before the next try; None where there never was contact, or for long enough."""
        if self._lost_at is None and self._was_up:
            self._lost_at = time.monotonic()  # lost while nothing was asked of the host
        if self._lost_at is None or time.monotonic() - self._lost_at > self.identity.reconnect_s:
            return None
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, LONGEST_WAIT_S)
        return wait_s

    def fresh(self, broken: Link) -> Link:
        """Return another way to the host in place of a broken one."""
        return self._renew(self._target, broken)

    def give_up(self) -> None:
        """Seek no more; the next worker is a first one again."""
        self._lost_at, self._was_up, self._wait_s = None, False, FIRST_WAIT_S

    def too_late(self, error: TargetError) -> str:
        """Return what to say when contact was not found again."""
        return (
            f"{where(self._target)}: contact was lost and not found again in {self.identity.reconnect_s:g} s: {error}"
        )
