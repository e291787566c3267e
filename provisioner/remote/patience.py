"""Doing things one after another, none of which may take longer than one is willing to wait."""

import queue
import threading
from typing import Any, Callable, Iterator, List, Optional, Sequence

Work = Callable[[], Any]


class Outcome:
    """What became of one piece of work: its ``value``, its ``error``, or that it was given up."""

    __slots__ = ("error", "is_given_up", "value")

    def __init__(self, value: Any = None, error: Optional[BaseException] = None, is_given_up: bool = False) -> None:
        self.value, self.error, self.is_given_up = value, error, is_given_up

    def get(self) -> Any:
        """Return the value, or raise what the work raised."""
        if self.error is not None:
            raise self.error
        return self.value


def one_by_one(works: Sequence[Work], timeout_s: Optional[float]) -> Iterator[Outcome]:
    """Yield the outcome of each piece of work in order; None waits for ever.

    What takes longer is left to itself in its thread, which ends with the process, and the rest go on in a new one:
    a question to a server that is gone cannot be taken back.
    """
    if timeout_s is None or timeout_s <= 0:
        yield from (_done(work) for work in works)
        return
    rest = list(works)
    while rest:
        answers: "queue.Queue[Outcome]" = queue.Queue()
        enough = threading.Event()
        thread = threading.Thread(target=_do_all, args=(list(rest), answers, enough))
        thread.daemon = True
        thread.start()
        while rest:
            rest.pop(0)
            try:
                yield answers.get(timeout=timeout_s)
            except queue.Empty:
                enough.set()
                yield Outcome(is_given_up=True)
                break


def _do_all(works: List[Work], answers: "queue.Queue[Outcome]", enough: threading.Event) -> None:
    for work in works:
        if enough.is_set():
            return
        answers.put(_done(work))


def _done(work: Work) -> Outcome:
    try:
        return Outcome(work())
    except Exception as error:  # noqa: BLE001 - raised again where the outcome is looked at
        return Outcome(error=error)
