"""What each phase of a migration consists of: stages, and in each the tasks of movers, switchers and the definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from provisioner import catalog
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.reading import is_template
from provisioner.migration import bare_fence, fencing
from provisioner.migration.bare_scripts import script_task
from provisioner.migration.guards import GuardUse, arm, call_off, commit, reach
from provisioner.migration.steps import LB, NEW, OLD, Step
from provisioner.model.migration import Migration, Part, Section
from provisioner.records import dataclass
from provisioner.remote.params import Parameters


@dataclass(frozen=True, slots=True)
class Piece:
    """Some tasks in a row: written by people (a section) or given by a part; ``may_fail`` does not stop the phase."""

    work: Section | tuple[Step, ...]
    position: Position
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A named part of a phase, as people see it."""

    name: str
    pieces: tuple[Piece, ...]


PREFLIGHT, ANNOUNCE, QUIESCE, FINAL = "preflight", "announce", "quiesce", "final sync"
CHECK, FENCE, SWITCH, SMOKE, DECISION, RELEASE = (
    "data check", "fence old", "switch", "smoke test", "decision", "release",
)  # fmt: skip
CUTOVER = (PREFLIGHT, ANNOUNCE, QUIESCE, FINAL, CHECK, FENCE, SWITCH, SMOKE, DECISION, RELEASE)
"""The stages of a cut-over, in order. Writes are held from quiesce to release; the decision is the point of no loss."""

GO_BACK = ("hold", "bring back", "unfreeze", "switch back", "call off")
"""The stages of the way back."""


class Stages:
    """Makes the stages of one migration's phases. ``guard`` names what hosts undo alone in this attempt."""

    def __init__(self, migration: Migration, guard: str = "rehearsal") -> None:
        self.migration = migration
        _refuse_wrong_fence(migration)
        _refuse_short_holds(migration)
        self.fences = fencing if migration.old_python else bare_fence
        self.guards = [
            GuardUse(guard, host_role, wait_s, steps, is_bare=host_role == OLD and not migration.old_python)
            for host_role, wait_s, steps in self._undoing()
        ]

    # ------------------------------------------------------------------------------------------------- phases

    def build(self) -> list[Stage]:
        """Provision the new server, and prepare what moves and switches."""
        return [
            Stage("build", self._around("build", self._written("build"))),
            Stage("prepare", (*self._data("prepare"), *self._switches("prepare"), *self._steps(self.fences.prepare))),
        ]

    def seed(self, *, after_loss: bool = False) -> list[Stage]:
        """Copy everything a first time; ``after_loss``: the new server was given up before anybody wrote to it."""
        first = [Stage("abandon", self._data("abandon"))] if after_loss else []
        return [*first, Stage("seed", self._around("seed", self._data("seed")))]

    def delta(self) -> list[Stage]:
        """Copy what has changed since."""
        return [Stage("delta", self._data("delta"))]

    def cutover(self) -> list[Stage]:
        """Move the work over: held from quiesce to release, undone by the hosts themselves until the decision."""
        prepared = self._switches("prepare")  # somebody's configuration management may have been there since
        before, after = self._written("cutover.before"), self._written("cutover.after")
        forwards = self._steps(self.fences.forward)
        return [
            Stage(
                PREFLIGHT,
                (
                    *self._everybody(),
                    *before,
                    *self._written("verify.before"),
                    *prepared,
                    *self._current(OLD),
                    *self._data("delta"),
                ),
            ),
            Stage(ANNOUNCE, self._plain(*(arm(each, self.migration.guard_s) for each in self.guards))),
            Stage(QUIESCE, (*self._switches("hold"), *self._written("freeze"), *self._data("freeze"))),
            Stage(FINAL, self._data("final")),
            Stage(CHECK, self._data("verify")),
            Stage(FENCE, self._steps(self.fences.fence)),
            Stage(SWITCH, (*self._data("promote"), *self._switches("point_to"))),
            Stage(SMOKE, (*self._written("verify.during"), *self._current(NEW))),
            Stage(DECISION, self._plain(*map(reach, self._deciding), *map(commit, self._deciding))),
            Stage(
                RELEASE,
                (
                    *self._switches("release"),
                    *self._plain(*map(commit, self._others)),
                    *self._data("reverse"),
                    *forwards,
                    *after,
                ),
            ),
        ]

    def carry_on(self) -> list[Stage]:
        """Go on after the decision where the controller was lost: every step may be done already.

        Requests go on first; the old server, which may be what is away, comes after that.
        """
        on_old = (*self._plain(*map(call_off, self._others)), *self._data("freeze"), *self._steps(self.fences.fence))
        return [
            Stage(DECISION, self._plain(*map(call_off, self._deciding))),
            Stage(SWITCH, (*_only(NEW, self._data("promote")), *self._switches("point_to"))),
            Stage(RELEASE, self._switches("release")),
            Stage(FENCE, on_old),
            Stage("reverse", (*self._data("reverse"), *self._steps(self.fences.forward))),
        ]

    def go_back(self, *, may_lose_new: bool) -> list[Stage]:
        """Let the old server serve again; ``may_lose_new``: nothing was written on the new one, so it may be away."""
        lenient = may_lose_new
        return [
            Stage("hold", _lenient(self._switches("hold"), lenient)),
            Stage("bring back", (*self._steps(self.fences.unfence), *_lenient_on(NEW, self._data("back"), lenient))),
            Stage("unfreeze", self._written("unfreeze")),
            Stage("switch back", (*self._switches("back"), *self._current(OLD), *self._switches("release"))),
            Stage("call off", self._plain(*(call_off(each) for each in self.guards))),
            Stage("after", self._around("rollback", ())),
        ]

    def observe(self) -> list[Stage]:
        """Look whether the new server does what it should, and keep the old one in step."""
        pieces = (*self._written("verify.after"), *self._current(NEW), *self._data("reverse"))
        return [Stage("observe", self._around("observe", pieces)), Stage("ledger", self._steps(self.fences.ledger))]

    def confirm(self) -> list[Stage]:
        """Look once more before the move is confirmed."""
        return [Stage("confirm", self._around("confirm", (*self._written("verify.after"), *self._current(NEW))))]

    def finalize(self) -> list[Stage]:
        """Give up the way back: what keeps the old server in step is stopped, access is taken away."""
        pieces = (*self._data("finish"), *self._switches("finish"))
        return [Stage("finalize", self._around("finalize", pieces))]

    def decommission(self) -> list[Stage]:
        """Retire the old server."""
        pieces = (*self._written("decommission"), *self._steps(self.fences.retire))
        return [Stage("decommission", self._around("decommission", pieces))]

    def rehearsal_on_new(self) -> list[Stage]:
        """Try on the new server alone what can be tried without touching the old one: then it is seeded again."""
        return [
            Stage(SWITCH, _only(NEW, self._data("promote"))),
            Stage(SMOKE, _only(NEW, self._written("verify.during"))),
            Stage("seed again", (*self._data("prepare"), *self._data("seed"))),
        ]

    def beside(self, phase: str, moment: str) -> list[Stage]:
        """Return what is written before or after a phase that does not consist of tasks itself."""
        pieces = self._written(f"{phase}.{moment}")
        return [Stage(f"{moment} {phase}", pieces)] if pieces else []

    def everybody(self) -> list[Stage]:
        """Reach every host that has a part."""
        return [Stage("reach", self._everybody())]

    def _everybody(self) -> tuple[Piece, ...]:
        """All connections are made before anything is held."""
        roles = [role for role in map(str, self.migration.hosts) if role != OLD or self.migration.old_python]
        steps = [Step(roles, {"name": "reach every host", "ping": {}})]
        if not self.migration.old_python:
            steps.append(Step(OLD, script_task("reach the old server, which has no Python", "true", {})))
        return (Piece(tuple(steps), self.migration.position),)

    def probe(self) -> list[Stage]:
        """Ask the hosts how far an interrupted cut-over went."""
        return [Stage("probe", self._plain(*(each.status() for each in self.guards)))]

    # ------------------------------------------------------------------------------------------------- pieces

    def _written(self, key: str) -> tuple[Piece, ...]:
        return tuple(Piece(each, each.position) for each in self.migration.sections.get(key, ()))

    def _around(self, phase: str, inner: Sequence[Piece]) -> tuple[Piece, ...]:
        return (*self._written(f"{phase}.before"), *inner, *self._written(f"{phase}.after"))

    def _data(self, verb: str) -> tuple[Piece, ...]:
        return self._parts(self.migration.data, "mover", verb)

    def _switches(self, verb: str) -> tuple[Piece, ...]:
        return self._parts(self.migration.switches, "switcher", verb)

    def _current(self, to: str) -> tuple[Piece, ...]:
        found = []
        for part in self.migration.switches:
            act = getattr(catalog.load("switcher", part.kind), "current", None)
            steps = tuple(act(part.name, parameters("switcher", part), to)) if act else ()
            found += [Piece(steps, part.position)] if steps else []
        return tuple(found)

    def _parts(self, parts: Sequence[Part], kind: str, verb: str) -> tuple[Piece, ...]:
        found = []
        for part in parts:
            act = getattr(catalog.load(kind, part.kind), verb, None)
            steps = tuple(act(part.name, parameters(kind, part))) if act else ()
            found += [Piece(steps, part.position)] if steps else []
        return tuple(found)

    def _steps(self, act: Callable[[Mapping[str, object]], Sequence[Step]]) -> tuple[Piece, ...]:
        if self.migration.fence is None:
            return ()
        steps = tuple(act(self.migration.fence))
        return (Piece(steps, self.migration.position),) if steps else ()

    def _plain(self, *steps: Sequence[Step]) -> tuple[Piece, ...]:
        return tuple(Piece(tuple(each), self.migration.position) for each in steps if each)

    def _undoing(self) -> list[tuple[str, float, list[Mapping[str, object]]]]:
        """Return by host role when it goes back alone, and how; the old server first, as it must be up by then."""
        found: dict[str, list[Mapping[str, object]]] = {OLD: []}
        if self.migration.fence is not None:
            found[OLD] += self.fences.undo(self.migration.fence)
        for part in self.migration.data:
            found[OLD] += undo_of("mover", part)
        for each in self.migration.undoing:
            for role in each.on:
                found.setdefault(role, []).append({"module": each.module, "params": each.params})
        switching = []
        for part in self.migration.switches:
            role = str(getattr(parameters("switcher", part), "on", LB))
            found.setdefault(role, []).extend(undo_of("switcher", part))
            switching.append(role)
        return [(role, SWITCHES_LATER_S if role in switching and role != OLD else 0.0, steps)
                for role, steps in found.items() if steps]  # fmt: skip

    @property
    def by_decision(self) -> list[GuardUse]:
        """Return the guards in the order of their confirmation: where requests are switched comes first."""
        return sorted(self.guards, key=lambda each: (each.later_s == 0.0, each.role == OLD))

    @property
    def _deciding(self) -> list[GuardUse]:
        return self.by_decision[:1]

    @property
    def _others(self) -> list[GuardUse]:
        return self.by_decision[1:]


SWITCHES_LATER_S = 2.0
"""How much later than the old server the switches go back alone: it has to take writes before they come."""


def _refuse_wrong_fence(migration: Migration) -> None:
    for problem in fencing.Params.problems(migration.fence, is_template) if migration.fence is not None else ():
        at = next((position_of(key) for key in migration.fence or () if key == problem.parameter), None)
        raise InputError.at(at or position_of(migration.fence) or migration.position, f"fence: {problem.message}")


def _refuse_short_holds(migration: Migration) -> None:
    """Requests must not pass before the hosts go back alone: they would be lost on a server that is given up."""
    for part in migration.switches:
        limit_s = getattr(parameters("switcher", part), "limit_s", None)
        needed_s = migration.guard_s + SWITCHES_LATER_S
        if limit_s is not None and float(limit_s) <= needed_s:
            raise InputError.at(
                part.position,
                f"{part.name}: requests are held for {limit_s:g} s at most, the hosts go back after {needed_s:g} s",
                hint=f"raise limit_s, or lower the migration's guard ({migration.guard_s:g} s)",
            )


def parameters(kind: str, part: Part) -> Parameters:
    """Return a part's parameters as its extension declares them."""
    declared: type[Parameters] = catalog.load(kind, part.kind).Params
    return declared.parse(part.args)


def undo_of(kind: str, part: Part) -> list[Mapping[str, object]]:
    """Return what a host does alone to undo what a part did."""
    act = getattr(catalog.load(kind, part.kind), "undo", None)
    return list(act(part.name, parameters(kind, part))) if act else []


def _lenient(pieces: Sequence[Piece], lenient: bool) -> tuple[Piece, ...]:
    return tuple(replace(each, may_fail=lenient) for each in pieces)


def _lenient_on(role: str, pieces: Sequence[Piece], lenient: bool) -> tuple[Piece, ...]:
    """Let what happens on one host role alone fail without stopping the rest."""
    found: list[Piece] = []
    for piece in pieces:
        if not lenient or isinstance(piece.work, Section):
            found.append(piece)
            continue
        found += [replace(piece, work=(step,), may_fail=role in step.roles) for step in piece.work]
    return tuple(found)


def _only(role: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return what happens on one host role."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece.work, Section):
            found += [piece] if piece.work.on == (role,) else []
        elif steps := tuple(each for each in piece.work if each.roles == (role,)):
            found.append(replace(piece, work=steps))
    return tuple(found)
