"""Walks a migration through its life cycle: one phase by name, or as far as the gates allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from provisioner.app.migrating import cutting, equivalence, looking, phases
from provisioner.app.migrating.book import Book
from provisioner.diagnostics.errors import Exit
from provisioner.migration import record as states
from provisioner.migration.lifecycle import PHASES, Gate, Phase, Situation, gates, next_phase
from provisioner.migration.stages import Stages
from provisioner.records import dataclass

SHUT = Exit.ERROR
"""What a command exits with where a gate is shut."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asks for beside the phase: the typed confirmation, gates waived with a reason, where to pause."""

    typed: str = ""
    ignores_window: str = ""
    pause_after: str = ""
    evaluates: bool = False
    walks: bool = False


def situation(book: Book, wish: Wish) -> Situation:
    """Return what gates look at, with what others said meanwhile."""
    book.collect()
    standing = book.standing
    forward_s, back_s = looking.needed_s(book)
    return Situation(
        book.migration, standing, time.time(), book.fingerprint, forward_s, back_s,
        inhibitors=looking.inhibitors(book), typed=wish.typed, ignores_window=wish.ignores_window,
        ttl_left_s=looking.ttl_left_s(book), walks=wish.walks,
    )  # fmt: skip


def perform(book: Book, name: str, wish: Wish) -> int:
    """Carry out one phase if its gates are open; return the exit code."""
    settle(book)
    phase = PHASES[name]
    found = gates(phase, situation(book, wish))
    _record(book, phase, found)
    for gate in found:
        if not gate.is_open or wish.evaluates:
            book.way.tell(("  ok    " if gate.is_open else "  SHUT  ") + gate.said())
    if not all(gate.is_open for gate in found):
        return int(SHUT)
    if wish.evaluates:
        return int(Exit.OK)
    book.way.tell(f"{book.migration.name}: {phase.name} ({phase.help})")
    code = ACTS[name](book)
    _report(book, phase, code)
    return code


def walk(book: Book, wish: Wish) -> int:
    """Go from phase to phase as far as the gates allow; return the exit code of what ended the walk."""
    wish = replace(wish, walks=True)
    settled = settle(book)
    if settled not in (None, Exit.OK):
        return int(settled or 0)
    walked: list[str] = []
    while (phase := next_phase(book.standing)) is not None:
        if phase.name == "observe":
            return _last(book, wish)
        if phase.name == "confirm" and book.migration.confirmation.is_manual:
            return _await_confirmation(book)
        if phase.name in walked:
            return int(Exit.HOSTS_FAILED)  # it led back: say so instead of trying for ever
        walked.append(phase.name)
        if phase.name == "rehearse" and looking.is_rehearsed(situation(book, wish)):
            book.enter(states.REHEARSED, "the rehearsal still counts")
            continue
        code = perform(book, phase.name, wish)
        if code != Exit.OK or wish.evaluates:
            return code
        if phase.name == wish.pause_after:
            book.note("paused", after=f"after {phase.name}")
            book.way.tell(f"paused after {phase.name}; go on with 'provisioner migrate resume {book.migration.name}'")
            return int(Exit.OK)
    book.way.tell(f"{book.migration.name} is {book.standing.state}: nothing follows by itself")
    return int(Exit.OK)


def settle(book: Book) -> int | None:
    """Bring to an end what a lost controller left open; None where there was nothing."""
    standing = book.standing
    last = standing.attempts[-1] if standing.attempts else None
    if standing.state not in (states.CUTTING_OVER, states.ROLLING_BACK, states.UNKNOWN) or last is None:
        return None
    book.way.tell(
        f"{book.migration.name}: the last {last.phase} was not brought to its end; finding out how far it came"
    )
    cutting.await_hosts(book)
    if last.phase == cutting.ROLLBACK:
        code = cutting.go_back(book, standing.because.removeprefix(cutting.BROKE), is_lossless=last.is_lossless)
    else:
        code = cutting.recover(book)
    book.way.tell(f"{book.migration.name} is {book.standing.state}: {book.standing.because}")
    return code


def roll_back(book: Book, because: str) -> int:
    """Go back on purpose."""
    standing = book.standing
    if standing.is_past(states.FINALIZED):
        book.way.tell(f"{book.migration.name} is {standing.state}: the way back was given up by 'finalize'")
        return int(SHUT)
    if standing.state not in (states.CONFIRMING, states.OBSERVING, states.UNKNOWN, states.ROLLING_BACK,
                              states.CUTTING_OVER):  # fmt: skip
        book.way.tell(
            f"{book.migration.name} is {standing.state}: nothing was switched, there is nothing to go back from"
        )
        return int(SHUT)
    attempt = standing.last(cutting.CUTOVER)
    lossless = attempt is not None and not attempt.decided
    code = cutting.go_back(book, because, is_lossless=lossless)
    book.way.tell(f"{book.migration.name} is {book.standing.state}: {book.standing.because}")
    return code


def abort(book: Book, because: str) -> int:
    """Give the migration up: what was switched goes back, the old server serves."""
    standing = book.standing
    code = int(Exit.OK)
    if standing.state in (
        states.CUTTING_OVER,
        states.CONFIRMING,
        states.OBSERVING,
        states.UNKNOWN,
        states.ROLLING_BACK,
    ):
        code = roll_back(book, because)
    if code == Exit.OK:
        book.enter(states.ABORTED, because)
        book.way.tell(f"{book.migration.name} is aborted: {because}")
    return code


def _await_confirmation(book: Book) -> int:
    """Say until when a person has to agree; go back where that time is over."""
    confirmation, since = book.migration.confirmation, book.standing.since
    left = since + confirmation.within_s - time.time()
    if left <= 0:
        book.way.tell(f"nobody confirmed within {confirmation.within_s:g} s: going back")
        return cutting.go_back(book, f"nobody confirmed within {confirmation.within_s:g} s")
    book.way.tell(f"the new server serves; within {left / 60:.1f} min:\n"
         f"  agree:   provisioner migrate confirm {book.migration.name}\n"
         f"  go back: provisioner migrate rollback {book.migration.name}")  # fmt: skip
    return int(Exit.OK)


def _last(book: Book, wish: Wish) -> int:
    """Observe once and say what keeps it from being finalized."""
    code = perform(book, "observe", wish)
    if code == Exit.OK:
        for gate in gates(PHASES["finalize"], situation(book, wish)):
            if not gate.is_open:
                book.way.tell(f"  SHUT  {gate.said()}")
    return code


def _record(book: Book, phase: Phase, found: list[Gate]) -> None:
    shut = [gate.said() for gate in found if not gate.is_open]
    book.note("gates", phase=phase.name, shut=shut, open=[gate.said() for gate in found if gate.is_open])


def _report(book: Book, phase: Phase, code: int) -> None:
    standing = book.standing
    attempt = standing.last(phase.name) or standing.last("cutover")
    took = f" after {attempt.seconds:.1f} s" if attempt else ""
    if code == Exit.OK:
        book.way.tell(
            f"{book.migration.name} is {standing.state}{took}" + (f": {standing.because}" if standing.because else "")
        )
    else:
        why = standing.because or (attempt.failure if attempt else "")
        book.way.tell(f"{book.migration.name}: {phase.name} failed{took}; it is {standing.state}: {why}")


def _ready(book: Book) -> int:
    book.note("began", phase="ready")
    code = equivalence.prove_equal(book)
    book.note("ended", ok=code == Exit.OK, failure="" if code == Exit.OK else "old and new differ")
    if code == Exit.OK:
        book.enter(states.READY)
    return code


ACTS: Mapping[str, Callable[[Book], int]] = {
    "discover": lambda book: phases.surrounded(book, "discover", looking.discover),
    "assess": lambda book: phases.surrounded(book, "assess", looking.assess),
    "build": lambda book: phases.plain(book, "build", Stages(book.migration).build()),
    "seed": phases.seed,
    "rehearse": lambda book: phases.surrounded(book, "rehearse", phases.rehearse),
    "ready": _ready,
    "cutover": cutting.cut_over,
    "confirm": phases.confirm,
    "observe": phases.observe,
    "finalize": lambda book: phases.plain(book, "finalize", Stages(book.migration).finalize()),
    "decommission": phases.decommission,
}
