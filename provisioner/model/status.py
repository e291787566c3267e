"""How an operation ended on a host."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """The final states of an operation on a host; exactly one of them is reached.

    IGNORED: failed, and ``ignore_errors`` says go on. BYPASSED: not on this host's way (a rescue that was not needed,
    another host of ``run_once``). NOT_RUN: the host was gone from the play before its turn came.
    """

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    IGNORED = "ignored"
    UNREACHABLE = "unreachable"
    LOST = "lost"
    BYPASSED = "bypassed"
    NOT_RUN = "not_run"

    @property
    def is_bad(self) -> bool:
        """Tell whether the host's way through its block ends here."""
        return self is Status.FAILED or self is Status.UNREACHABLE or self is Status.LOST
