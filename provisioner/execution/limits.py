"""Time limits of a run and its plays: what takes too long is stopped as by Ctrl-C, and a minute later as by a second.

Until then what runs may end; what does not is left to the hosts, whose records tell a resumed run what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

GRACE_S = 60.0


class TimeLimits:
    """The limits that hold now. ``press`` is what stops the run, and ends it at once the second time."""

    def __init__(self, press: Callable[[], None], grace_s: float = GRACE_S) -> None:
        self.press = press
        self.exceeded = ""
        """What took too long, for people; empty while nothing did."""
        self._grace_s = grace_s

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """Stop the run where the body takes longer; no ``seconds`` are no limit."""
        if seconds <= 0:
            yield
            return
        later = seconds + self._grace_s
        timers = [Timer(seconds, self._over, (what, seconds)), Timer(later, self._over_again, (what,))]
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def _over(self, what: str, seconds: float) -> None:
        if not self.exceeded:
            self.exceeded = f"{what} took longer than {seconds:g} s"
            self.press()

    def _over_again(self, what: str) -> None:
        if self.exceeded.startswith(what):
            self.press()
