"""Which phase leads from where to where, and which gates have to be open for it. Pure: told the time and the facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from provisioner.migration import record as states
from provisioner.migration.record import Standing
from provisioner.model.migration import Migration
from provisioner.records import dataclass
from provisioner.scheduling.clocks import zone_of
from provisioner.scheduling.windows import next_opening, open_at


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of the life cycle: ``needs`` is the state to be in or past, ``leads_to`` the one it ends in."""

    name: str
    needs: str
    leads_to: str
    help: str
    is_walked: bool = True


PHASES = {
    each.name: each
    for each in (
        Phase("discover", states.DESIGNED, states.DISCOVERED, "take a snapshot of the old server"),
        Phase("assess", states.DISCOVERED, states.ASSESSED, "look for what stands in the way"),
        Phase("build", states.ASSESSED, states.BUILT, "provision the new server and prepare the move"),
        Phase("seed", states.BUILT, states.IN_SYNC, "copy everything, then what changed, until both are in step"),
        Phase("rehearse", states.IN_SYNC, states.REHEARSED, "try the whole thing, forward and back, and time it"),
        Phase("ready", states.REHEARSED, states.READY, "make sure that nothing is missing for the switch"),
        Phase("cutover", states.READY, states.CONFIRMING, "move the work over"),
        Phase("confirm", states.CONFIRMING, states.OBSERVING, "agree that the new server serves"),
        Phase("observe", states.OBSERVING, states.OBSERVING, "look after the new server, count who still asks the old"),
        Phase("finalize", states.OBSERVING, states.FINALIZED, "give up the way back: the point of no return", False),
        Phase("decommission", states.FINALIZED, states.RETIRED, "archive and retire the old server", False),
    )
}
"""Every phase, in order. Those that are not walked by ``run`` have to be asked for by name."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a gate may look at. Times are seconds since the epoch; ``needs_s`` is forward and back, p90."""

    migration: Migration
    standing: Standing
    now: float
    fingerprint: str
    forward_s: float = 0.0
    back_s: float = 0.0
    inhibitors: Sequence[str] = ()
    typed: str = ""
    ignores_window: str = ""
    ttl_left_s: float = 0.0
    walks: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a transition may happen as far as one thing goes; a shut one says why, by how much, and what opens it."""

    name: str
    is_open: bool
    why: str = ""
    opens: str = ""
    can_be_waived: bool = False

    def said(self) -> str:
        """Return the gate in a sentence."""
        if self.is_open:
            return f"{self.name}: {self.why or 'open'}"
        return f"{self.name} is shut: {self.why}" + (f"; {self.opens}" if self.opens else "")


def next_phase(standing: Standing) -> Phase | None:
    """Return the phase that follows the state; None where nothing does by itself."""
    state = standing.state
    if state == states.SEEDING:
        return PHASES["seed"]
    if state == states.CUTTING_OVER:
        return PHASES["cutover"]
    return next((each for each in PHASES.values() if each.needs == state and each.is_walked), None)


def gates(phase: Phase, situation: Situation) -> list[Gate]:
    """Return the gates of a phase, waived ones open."""
    found = [gate for check in (*_ALWAYS, *_OF.get(phase.name, ())) for gate in check(phase, situation)]
    waivers = situation.standing.waivers
    return [
        Gate(each.name, True, f"waived: {waivers[each.name]}", can_be_waived=True)
        if not each.is_open and each.can_be_waived and each.name in waivers
        else each
        for each in found
    ]


def shut(phase: Phase, situation: Situation) -> list[Gate]:
    """Return the gates that keep a phase from beginning."""
    return [each for each in gates(phase, situation) if not each.is_open]


# ------------------------------------------------------------------------------------------------------ the gates


def _order(phase: Phase, s: Situation) -> list[Gate]:
    state = s.standing.state
    if state in (states.UNKNOWN, states.ROLLING_BACK):
        return [Gate("order", False, f"the migration is {state.replace('_', ' ')}: {s.standing.because}",
                     "run 'provisioner migrate rollback' or 'run' again")]  # fmt: skip
    if state == states.ABORTED:
        return [Gate("order", False, "the migration was aborted", "begin again with 'provisioner migrate seed'")] \
            if phase.name != "seed" else []  # fmt: skip
    if state == states.SEEDING and phase.name == "seed":
        return [Gate("order", True)]
    if s.standing.is_past(phase.needs):
        late = s.standing.is_past(states.CONFIRMING) and not _comes_after_switch(phase)
        if late:
            return [Gate("order", False, f"the switch is done: the migration is {state}",
                         "go back first: 'provisioner migrate rollback'")]  # fmt: skip
        return [Gate("order", True)]
    needed = next((each.name for each in PHASES.values() if each.leads_to == phase.needs), "")
    return [Gate("order", False, f"{phase.name} needs the state {phase.needs}, this is {state}",
                 f"next is 'provisioner migrate {needed}'")]  # fmt: skip


def _comes_after_switch(phase: Phase) -> bool:
    return phase.name in ("confirm", "observe", "finalize", "decommission")


def _hold(_phase: Phase, s: Situation) -> list[Gate]:
    if s.standing.held:
        return [Gate("hold", False, s.standing.held, "let go with 'provisioner migrate release'")]
    if s.standing.paused and s.walks:
        return [Gate("pause", False, f"paused {s.standing.paused}", "go on with 'provisioner migrate resume'")]
    return []


def _assessment(_phase: Phase, s: Situation) -> list[Gate]:
    if not s.inhibitors:
        return [Gate("assessment", True)]
    some = ", ".join(s.inhibitors[:3])
    return [Gate("assessment", False, f"{len(s.inhibitors)} inhibitors are open: {some}",
                 "mend them and assess again, or waive this gate with a reason", True)]  # fmt: skip


def _rehearsal(_phase: Phase, s: Situation) -> list[Gate]:
    return rehearsal_gate(s)


def rehearsal_gate(s: Situation) -> list[Gate]:
    """Return whether the last rehearsal counts: for the same definition, and not too old."""
    rehearsal, valid_s = s.standing.rehearsal, s.migration.rehearsal.valid_s
    if rehearsal is None or rehearsal.ended is None:
        return [Gate("rehearsal", False, "it was never rehearsed", "run 'provisioner migrate rehearse'", True)]
    if s.standing.rehearsed_as != s.fingerprint:
        return [Gate("rehearsal", False, "definition, playbooks or inventory changed since the rehearsal",
                     "run 'provisioner migrate rehearse' again", True)]  # fmt: skip
    age = s.now - rehearsal.ended
    if age > valid_s:
        return [Gate("rehearsal", False, f"the rehearsal is {_days(age)} old, {_days(age - valid_s)} too old",
                     "run 'provisioner migrate rehearse' again", True)]  # fmt: skip
    return [Gate("rehearsal", True, f"rehearsed {_days(age)} ago in {rehearsal.seconds:.1f} s")]


def _approvals(_phase: Phase, s: Situation) -> list[Gate]:
    wanted = s.migration.approvals
    given = [each for each in s.standing.approvals if not wanted.by or each in wanted.by]
    missing = wanted.count - len(given)
    if missing <= 0:
        return [Gate("approvals", True, f"approved by {', '.join(given)}" if given else "none needed")]
    who = f" of {', '.join(wanted.by)}" if wanted.by else ""
    return [Gate("approvals", False, f"{missing} of {wanted.count} approvals{who} are missing",
                 "'provisioner migrate approve'")]  # fmt: skip


def _backup(_phase: Phase, s: Situation) -> list[Gate]:
    wanted = [each.name for each in s.migration.data if each.kind == "archive"]
    missing = [name for name in wanted if not s.standing.measured.get(name)]
    if not missing:
        return [Gate("backup", True)]
    return [Gate("backup", False, f"no proven archive of {', '.join(missing)}", "run 'provisioner migrate seed'", True)]


def _in_sync(_phase: Phase, s: Situation) -> list[Gate]:
    behind = behind_of(s.migration, s.standing)
    return [Gate("sync", not behind, "; ".join(behind) or "in step", "run 'provisioner migrate seed' again")]


def _ttl(_phase: Phase, s: Situation) -> list[Gate]:
    if s.ttl_left_s <= 0:
        return []
    return [Gate("ttl", False, f"caches may hold the old address for {_minutes(s.ttl_left_s)} more",
                 "wait until the old time to live is over", True)]  # fmt: skip


def _window(_phase: Phase, s: Situation) -> list[Gate]:
    """Latest safe start: it must be possible to finish and to go back inside the window."""
    if s.migration.window is None:
        return []
    if s.ignores_window:
        return [Gate("window", True, f"ignored: {s.ignores_window}")]
    now = datetime.fromtimestamp(s.now, UTC)
    opening = open_at(s.migration.window, now)
    following = next_opening(s.migration.window, now)
    later = f"the next window opens {_local(following.start, following.zone)}" if following else "no window follows"
    if opening is None:
        away = f"in {_minutes((following.start - now).total_seconds())}" if following else "not at all"
        return [Gate("window", False, f"no window is open; one opens {away}", later)]
    left = (opening.end - now).total_seconds()
    short = s.forward_s + s.back_s - left
    if short > 0:
        return [Gate("window", False,
                     f"too late by {_minutes(short)}: moving takes {_minutes(s.forward_s)} and going back "
                     f"{_minutes(s.back_s)}, the window is open for {_minutes(left)} more", later)]  # fmt: skip
    return [Gate("window", True, f"open for {_minutes(left)} more, {_minutes(s.forward_s + s.back_s)} are needed")]


def _observed(_phase: Phase, s: Situation) -> list[Gate]:
    if s.standing.state != states.OBSERVING:
        return []
    passed = max(0.0, s.now - s.standing.since)
    left = s.migration.observe_s - passed
    if left <= 0:
        return [Gate("observation", True, f"observed for {_days(passed)}")]
    said = f"observed for {_days(int(passed))}, {_days(ceil(left))} are left"
    return [Gate("observation", False, said, "wait", True)]


def _stragglers(_phase: Phase, s: Situation) -> list[Gate]:
    if s.migration.fence is None:
        return []
    count = int(s.standing.stragglers.get("count", -1))
    if count < 0:
        return [Gate("stragglers", False, "nobody counted who still asks the old server",
                     "run 'provisioner migrate observe'", True)]  # fmt: skip
    return [Gate("stragglers", count == 0, f"{count} clients still ask the old server" if count else "none",
                 "move them over, or waive it with a reason", True)]  # fmt: skip


def _typed(phase: Phase, s: Situation) -> list[Gate]:
    wanted = f"{phase.name} {s.migration.name}"
    return [Gate("confirmation", s.typed == wanted, "this cannot be undone" if s.typed != wanted else "typed",
                 f"confirm with --yes '{wanted}'")]  # fmt: skip


_ALWAYS: Sequence[Callable[[Phase, Situation], list[Gate]]] = (_order, _hold)
_OF: Mapping[str, Sequence[Callable[[Phase, Situation], list[Gate]]]] = {
    "build": (_assessment,),
    "ready": (_rehearsal, _approvals, _backup, _in_sync, _ttl),
    "cutover": (_rehearsal, _approvals, _in_sync, _ttl, _window),
    "finalize": (_observed, _stragglers, _typed),
    "decommission": (_typed,),
}


GATES: Mapping[str, Sequence[str]] = {
    "build": ("assessment",),
    "ready": ("rehearsal", "approvals", "backup", "sync", "ttl"),
    "cutover": ("rehearsal", "approvals", "sync", "ttl", "window"),
    "finalize": ("observation", "stragglers", "confirmation"),
    "decommission": ("confirmation",),
}
"""The names of the gates of each phase beside order, hold and pause, which all have."""


def behind_of(migration: Migration, standing: Standing) -> list[str]:
    """Return for each data set that is not in step by how much; its last passes count."""
    found = []
    for part in migration.data:
        limits, passes = part.limits, standing.measured.get(part.name, [])
        for key, limit in (("seconds", limits.delta_s), ("lag_s", limits.lag_s)):
            values = [float(each[key]) for each in passes[-limits.cycles :] if each.get(key) is not None]
            if values and max(values) > limit:
                what = "a pass takes" if key == "seconds" else "it lags"
                found.append(f"{part.name}: {what} {values[-1]:.1f} s, more than {limit:g} s")
    return found


def _minutes(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _days(seconds: float) -> str:
    return f"{seconds / 86400:.1f} days" if seconds >= 86400 else _minutes(seconds)


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_of(zone)):%a %d %b %H:%M} {zone}"
