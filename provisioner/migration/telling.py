"""Says where a migration stands: once for those who do it, once in plain language for those who wait."""

from __future__ import annotations

import time
from collections.abc import Mapping

from provisioner.migration import record as states
from provisioner.migration.record import Standing

COST = {
    "A": "nothing: the old server is untouched",
    "B": "the time writes were held",
    "C": "the time of the switch; no write is lost",
    "D": "the switch and what was written since: brought back by the reverse copy, until finalize",
}
"""What going back costs in each rollback class."""

GIVEN_UP = "there is no way back any more: it was given up by finalize"

PLAIN = {
    states.DESIGNED: "The move is planned. Nothing has been done yet.",
    states.DISCOVERED: "We have looked at the present server. Nothing has been changed.",
    states.ASSESSED: "We know what has to be done before the move. Nothing has been changed.",
    states.BUILT: "The new server is set up. You still use the present one.",
    states.SEEDING: "Data are being copied to the new server. You still use the present one; nothing changes for you.",
    states.IN_SYNC: "The new server has the same data as the present one and is kept up to date.",
    states.REHEARSED: "The move has been rehearsed. You still use the present server.",
    states.READY: "Everything is ready for the move. You still use the present server.",
    states.CUTTING_OVER: "The move is under way. Some requests may take a moment longer.",
    states.CONFIRMING: "You are using the new server. We are checking that everything works.",
    states.OBSERVING: "The move is done, you are using the new server. We keep an eye on it for a while.",
    states.FINALIZED: "The move is complete.",
    states.DECOMMISSIONING: "The move is complete. The previous server is being retired.",
    states.RETIRED: "The move is complete and the previous server has been retired.",
    states.ROLLING_BACK: "We are going back to the previous server.",
    states.UNKNOWN: "Something went wrong during the move. People are working on it.",
    states.ABORTED: "The move was called off. You use the previous server, nothing changes for you.",
}
"""Each state for people who wait."""


def technical(name: str, standing: Standing, now: float | None = None) -> dict[str, object]:
    """Return the status for those who do it."""
    now = time.time() if now is None else now
    last = standing.attempts[-1] if standing.attempts else None
    is_open = last is not None and last.ended is None
    how = "well" if last and last.ok else "failed"
    return {
        "migration": name,
        "state": standing.state,
        "since": _clock(standing.since),
        "because": standing.because,
        "rollback class": standing.rollback_class,
        "going back costs": GIVEN_UP if standing.is_past(states.FINALIZED) else COST[standing.rollback_class],
        "held": standing.held,
        "paused": standing.paused,
        "under way": f"{last.phase}, {now - last.began:.0f} s so far" if last and is_open else "",
        "last phase": f"{last.phase}: {how} after {last.seconds:.1f} s" if last and not is_open else "",
        "failure": last.failure if last else "",
        "stages": {stage: round(seconds, 2) for stage, seconds in last.stages.items()} if last else {},
        "data": {part: _latest(passes) for part, passes in standing.measured.items()},
        "approvals": list(standing.approvals),
        "waived": standing.waivers,
        "stragglers": dict(standing.stragglers),
    }  # fmt: skip


def plain_language(name: str, standing: Standing, now: float | None = None) -> list[str]:
    """Return the status for people who wait: what it means for them, and when they hear more."""
    now = time.time() if now is None else now
    lines = [f"{name}: {PLAIN[standing.state]}"]
    if standing.state == states.SEEDING and standing.because:
        lines.append("The move was tried and undone; nothing was lost. It will be tried again.")
    if standing.held or standing.paused:
        lines.append("The next step is waiting for a decision.")
    eta = max((float(str(p[-1].get("eta_s") or 0)) for p in standing.measured.values() if p), default=0.0)
    if standing.state == states.SEEDING and eta:
        lines.append(f"The copy will take about {eta / 60:.0f} more minutes.")
    lines.append(f"As of {_clock(now)}; next news when the state changes, or in 30 minutes at the latest.")
    return lines


def _latest(passes: list[Mapping[str, object]]) -> dict[str, object]:
    return {key: value for key, value in passes[-1].items() if key != "at"} if passes else {}


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else ""
