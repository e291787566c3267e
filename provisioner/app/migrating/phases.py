"""Carries out the phases of a life cycle other than the cut-over, each with its attempt in the record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from provisioner.app.migrating.book import Book
from provisioner.app.migrating.conduct import Came, carry_out
from provisioner.app.migrating.references import references
from provisioner.app.migrating.watch import Watch
from provisioner.diagnostics.errors import Exit
from provisioner.migration import record as states
from provisioner.migration.casting import cast
from provisioner.migration.compile import Moment
from provisioner.migration.lifecycle import PHASES, behind_of
from provisioner.migration.stages import Stage, Stages
from provisioner.migration.steps import OLD

MOST_PASSES = 30
"""After so many passes a data set that is still behind never gets in step."""

STUBBORN = 3
"""So many passes are made before their times are looked at."""

FALLING = 0.9
"""A pass falls while it takes less than that share of the one before."""


def plain(book: Book, phase: str, stages: Sequence[Stage]) -> int:
    """Carry out a phase that is nothing but its stages, and enter the state it leads to."""
    code = attempted(book, phase, stages)
    if code == Exit.OK:
        book.enter(PHASES[phase].leads_to)
    return code


def surrounded(book: Book, phase: str, act: Callable[[Book], int]) -> int:
    """Carry out a phase that does not consist of tasks itself, with the tasks written before and after it."""
    stages = Stages(book.migration)
    moment = Moment(book.migration.name, phase)
    for part in (stages.beside(phase, "before"), None, stages.beside(phase, "after")):
        code = act(book) if part is None else carry_out(book, part, moment).code if part else int(Exit.OK)
        if code != Exit.OK:
            return code
    return int(Exit.OK)


def attempted(book: Book, phase: str, stages: Sequence[Stage]) -> int:
    """Carry out stages as an attempt of a phase; return the exit code."""
    book.note("began", phase=phase)
    number = book.standing.attempts[-1].number
    came = carry_out(book, stages, Moment(book.migration.name, phase, number, book.standing.rollback_class))
    book.note("ended", ok=came.ok, failure=came.watch.failure, code=came.code)
    return came.code


def seed(book: Book) -> int:
    """Copy everything, then pass after pass what changed, until every data set is in step."""
    book.enter(states.SEEDING, book.standing.because if book.standing.state == states.SEEDING else "")
    book.note("began", phase="seed")
    moment = Moment(book.migration.name, "seed", book.standing.attempts[-1].number)
    stages = Stages(book.migration)
    watch = Watch(book)
    back = book.standing.last("rollback")
    came = carry_out(book, stages.seed(after_loss=back is not None and back.is_lossless), moment, watch)
    if came.ok and book.migration.data:
        came = _catch_up(book, moment, watch)
    behind = behind_of(book.migration, book.standing) if came.ok else []
    failure = watch.failure or (f"not in step: {'; '.join(behind)}" if behind else "")
    book.note("ended", ok=not failure and came.ok, failure=failure, code=came.code)
    if came.ok and not behind:
        book.enter(states.IN_SYNC)
        return int(Exit.OK)
    return came.code or int(Exit.ERROR)


def _catch_up(book: Book, moment: Moment, watch: Watch) -> Came:
    """Make passes until every data set is in step, or their time does not fall any more."""
    came, passed = Came(Exit.OK, watch), 0
    wanted = max(each.limits.cycles for each in book.migration.data)
    while came.ok and passed < MOST_PASSES:
        came = carry_out(book, Stages(book.migration).delta(), moment, watch)
        passed += 1
        is_behind = bool(behind_of(book.migration, book.standing))
        if passed >= wanted and (not is_behind or (passed > STUBBORN and not _falls(book))):
            break
    return came


def _falls(book: Book) -> bool:
    """Tell whether the time of a pass still falls for some data set that is behind."""
    for passes in book.standing.measured.values():
        times = [float(each["seconds"]) for each in passes if each.get("seconds") is not None][-3:]
        if len(times) == 3 and times[-1] < times[0] * FALLING:
            return True
    return False


def rehearse(book: Book) -> int:
    """Try the whole thing on the rehearsal's hosts, forward and back; without such hosts, on the new server alone."""
    hosts = book.migration.rehearsal.hosts
    book.note("began", phase="rehearse")
    number = book.standing.attempts[-1].number
    came = _on_clones(book, number) if hosts else _on_new(book, number)
    book.note("ended", ok=came.ok, code=came.code, fingerprint=book.fingerprint, failure=came.watch.failure,
              kind="clones" if hosts else "new server alone")  # fmt: skip
    if came.ok:
        book.enter(states.REHEARSED if book.standing.state == states.IN_SYNC else book.standing.state)
    elif not hosts:
        book.enter(states.SEEDING, f"the rehearsal left the new server as it was when it failed: {came.watch.failure}")
    return came.code


def _on_clones(book: Book, number: int) -> Came:
    casting = cast(book.migration, book.loaded.inventory, book.migration.rehearsal.hosts)
    name = f"{book.migration.name}-rehearsal"
    stages = Stages(book.migration, f"{name}-{number}")

    def go(prefix: str, part: Sequence[Stage], phase: str, rollback_class: str = "A") -> Came:
        moment = Moment(name, phase, number, rollback_class)
        return carry_out(book, part, moment, Watch(book, counts=False, prefix=prefix), casting)

    came = go("prepare: ", [*stages.build()[1:], *stages.seed(), *stages.delta()], "rehearse")
    if came.ok:
        came = go("forward: ", stages.cutover(), "cutover")
    return go("back: ", stages.go_back(may_lose_new=False), "rollback", "D") if came.ok else came


def _on_new(book: Book, number: int) -> Came:
    stages = Stages(book.migration, f"{book.migration.name}-rehearsal-{number}")
    moment = Moment(book.migration.name, "rehearse", number)
    came = carry_out(book, stages.rehearsal_on_new(), moment, Watch(book, counts=False, prefix="forward: "))
    return carry_out(book, stages.delta(), moment, Watch(book)) if came.ok else came


def confirm(book: Book) -> int:
    """Look once more, and agree that the new server serves."""
    return plain(book, "confirm", Stages(book.migration).confirm())


def observe(book: Book) -> int:
    """Look after the new server, keep the old one in step, count who still asks the old one."""
    book.note("began", phase="observe")
    watch = Watch(book)
    moment = Moment(book.migration.name, "observe", book.standing.attempts[-1].number, "D")
    came = carry_out(book, Stages(book.migration).observe(), moment, watch)
    book.note("ended", ok=came.ok, failure=watch.failure, code=came.code)
    return came.code


def decommission(book: Book) -> int:
    """Retire the old server, and say what still names it."""
    words = [*book.casting.hosts[OLD], *book.casting.addresses[OLD]]
    found = references(Path(book.migration.basedir).resolve(), words)
    shown = [f"{file}:{line} names {word}" for file, line, word in found[:20]]
    book.note("references", count=len(found), places=shown)
    for each in shown:
        book.way.tell(f"  still there: {each}")
    until = time.time() + book.migration.retention_s
    for part in book.migration.data:
        if part.kind == "archive":
            book.note("artefact", name=f"archive {part.name}", keep_until=until)
    return plain(book, "decommission", Stages(book.migration).decommission())
