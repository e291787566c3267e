"""Clocks that are wrong or that nobody keeps right."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, measured, number

WRONG_S, BROKEN_S = 1.0, 60.0


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding for a clock that is off, for two that disagree, and for one that is not synchronised."""
    offsets = {}
    for side, snapshot in sight.sides:
        seen = measured(snapshot, "os")
        if "clock_offset_s" not in seen:
            continue
        offset = offsets[side] = number(seen["clock_offset_s"])
        doubt = number(snapshot.taken.seconds) / 2 if snapshot.taken.seconds < WRONG_S else 0.0
        if abs(offset) > WRONG_S + doubt:
            yield Finding(
                f"clock:{side}",
                Severity.INHIBITOR if abs(offset) > BROKEN_S else Severity.HIGH,
                f"the clock of the {side} server is wrong",
                "certificates, replication, timers, the order of logs and the automatic way back depend on it",
                (f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine",),
                "synchronise it with chrony or systemd-timesyncd, and see that the firewall lets NTP through",
            )
        if seen.get("synchronised") == "no":
            yield Finding(
                f"clock-not-synchronised:{side}",
                Severity.MEDIUM,
                f"nothing keeps the clock of the {side} server right",
                "it drifts apart from the other one",
                ("NTP synchronised: no",),
                "install and start chrony",
            )
    if (
        len(offsets) == 2
        and abs(offsets["old"] - offsets["new"]) > WRONG_S
        and max(map(abs, offsets.values())) <= WRONG_S
    ):
        yield Finding(
            "clocks-differ",
            Severity.MEDIUM,
            "the clocks of both servers differ",
            "what is newer cannot be told by time stamps",
            (f"by {abs(offsets['old'] - offsets['new']):.1f} s",),
            "synchronise both with the same time servers",
        )
