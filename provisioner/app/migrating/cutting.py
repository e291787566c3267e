"""The cut-over and the way back: whatever happens, it ends moved, gone back, or with an exact statement."""

from __future__ import annotations

import time
from dataclasses import replace

from provisioner.app.migrating.book import Book
from provisioner.app.migrating.conduct import Came, carry_out
from provisioner.app.migrating.probing import Prober, verdict
from provisioner.app.migrating.watch import Watch
from provisioner.diagnostics.errors import Exit
from provisioner.migration import record as states
from provisioner.migration.compile import Moment
from provisioner.migration.record import Attempt
from provisioner.migration.stages import Stages
from provisioner.model.migration import Probe

CUTOVER, COMPLETE, ROLLBACK = "cutover", "complete", "rollback"
BROKE = "going back did not come to its end: "
TAKEN = "another run has this host"
PATIENCE_S, PAUSE_S = 90.0, 1.0


def cut_over(book: Book) -> int:
    """Move the work over, or go back; return the exit code."""
    number = _begin(book, CUTOVER)
    book.enter(states.CUTTING_OVER)
    stages = Stages(book.migration, guard_of(book, number))
    watch = Watch(book, shows=True)
    with Prober(probe_of(book)) as prober:
        came = carry_out(book, stages.cutover(), Moment(book.migration.name, CUTOVER, number), watch)
    seen = prober.seen()
    if seen:
        book.note("probed", **seen)
    _end(book, came, watch)
    if came.ok:
        book.enter(states.CONFIRMING, "moved")
        beyond = verdict(book.migration.abort, seen)
        return go_back(book, beyond) if beyond else int(Exit.OK)
    if watch.decided:
        return carry_on(book, number, watch.failure)
    go_back(book, watch.failure or "interrupted", is_lossless=True)
    return came.code


def go_back(book: Book, because: str, *, is_lossless: bool = False) -> int:
    """Let the old server serve again; ``is_lossless``: the new one has taken no write yet."""
    attempt = book.standing.last(CUTOVER)
    number = attempt.number if attempt else 0
    _begin(book, ROLLBACK, lossless=is_lossless)
    book.enter(states.ROLLING_BACK, because)
    stages = Stages(book.migration, guard_of(book, number))
    moment = Moment(book.migration.name, ROLLBACK, number, "C" if is_lossless else "D")
    came = carry_out(book, stages.go_back(may_lose_new=is_lossless), moment, Watch(book, counts=False))
    _end(book, came, came.watch)
    if came.ok:
        book.enter(states.SEEDING, f"gone back: {because}")
        return int(Exit.OK)
    book.enter(states.UNKNOWN, BROKE + came.watch.failure)
    return came.code


def carry_on(book: Book, number: int, because: str) -> int:
    """Go on after the decision: the work is on the new server, the rest is brought to its end."""
    _begin(book, COMPLETE)
    book.note("class", **{"class": "D"})
    stages = Stages(book.migration, guard_of(book, number))
    came = carry_out(book, stages.carry_on(), Moment(book.migration.name, CUTOVER, number, "D"))
    _end(book, came, came.watch)
    if came.ok:
        book.enter(states.CONFIRMING, "moved" + (f", after: {because}" if because else ""))
        return int(Exit.OK)
    book.enter(states.UNKNOWN, f"the work was moved, but not all is done yet: {came.watch.failure or because}")
    return came.code


def recover(book: Book) -> int:
    """Find out how far a cut-over came whose controller was lost, and go forward or back from there."""
    attempt = _last_cutover(book)
    number = attempt.number if attempt else 0
    decided = attempt is not None and attempt.decided
    if not decided:
        answer = _asked(book, number)
        if answer is None:
            return int(Exit.HOSTS_UNREACHABLE)
        decided = answer
        if decided:
            book.note("decided", host="found confirmed")
    if decided:
        return carry_on(book, number, "the controller was lost")
    return go_back(book, "the controller was lost before the decision", is_lossless=True)


def await_hosts(book: Book) -> None:
    """Let what a lost controller left running on the hosts come to its end: until then they are not ours.

    Hosts that cannot be reached for another reason are left to those who need them.
    """
    moment = Moment(book.migration.name, "reach")
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        came = carry_out(book, Stages(book.migration).everybody(), moment, Watch(book, counts=False))
        if came.ok or TAKEN not in came.watch.failure:
            return
        time.sleep(PAUSE_S)


def _last_cutover(book: Book) -> Attempt | None:
    return book.standing.last(CUTOVER)


def _asked(book: Book, number: int) -> bool | None:
    """Return whether the deciding guard was confirmed; None with the state told where nobody can say."""
    stages = Stages(book.migration, guard_of(book, number))
    deciding = stages.by_decision[0] if stages.by_decision else None
    if deciding is None:
        return False
    watch = Watch(book, counts=False)
    came = carry_out(book, stages.probe(), Moment(book.migration.name, "probe", number), watch)
    title = f"guard of {deciding.role}: ask what became of it"
    answers = watch.answers.get(title, {})
    told = {host: answers.get(host, {}).get("state") for host in book.casting.hosts[deciding.role]}
    if any(state == "confirmed" for state in told.values()):
        return True
    if came.ok or all(state in ("undone", "armed", "absent", "") for state in told.values()):
        return False
    lost = ", ".join(host for host, state in told.items() if state is None)
    book.enter(
        states.UNKNOWN,
        f"whether the switch was decided is known by {lost} alone, which cannot be reached; until it was, it goes back "
        f"by itself {book.migration.guard_s:g} s after it was armed",
    )
    return None


def guard_of(book: Book, number: int) -> str:
    """Return the name of the guards of one attempt."""
    return f"migration-{book.migration.name}-{number}"


def probe_of(book: Book) -> Probe | None:
    """Return what is to be asked, its address rendered."""
    probe, loading = book.migration.probe, book.loaded.loading
    if probe is None or loading.render is None:
        return probe
    addresses = {role: list(each) for role, each in book.casting.addresses.items()}
    values = {**book.migration.vars, **loading.extra_vars, "migration": {"addresses": addresses}}
    return replace(probe, url=str(loading.render(probe.url, values)))


def _begin(book: Book, phase: str, **more: object) -> int:
    book.note("began", phase=phase, **more)
    return book.standing.attempts[-1].number


def _end(book: Book, came: Came, watch: Watch) -> None:
    book.note("ended", ok=came.ok, failure=watch.failure, code=came.code)
