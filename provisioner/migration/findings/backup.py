"""Whether there is a backup, and whether anybody has ever restored it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import DAY_S, Finding, Severity, Sight, measured, number

FRESH_S = 2 * DAY_S


def look(sight: Sight) -> Iterator[Finding]:
    """Yield that no restore was proven, and what is known of backups that are made."""
    if sight.backup_proof:
        return
    seen = measured(sight.old, "backups")
    tools, jobs, last = seen.get("tools", []), seen.get("jobs", []), number(seen.get("last"))
    evidence = [f"tool: {each}" for each in tools] + [f"job: {each}" for each in jobs]
    if last:
        evidence.append(f"last sign of a backup: {(sight.now - last) / DAY_S:.1f} days ago")
    if not (tools or jobs):
        yield Finding(
            "no-backup",
            Severity.HIGH,
            "no backup of the old server was found",
            "when the move goes wrong, only the old server itself is left to go back to",
            tuple(evidence) or ("no backup program is installed and no job is named like one",),
            "make one (mover archive) and restore it in another place, or accept this and say where backups are",
        )
        return
    if last and sight.now - last > FRESH_S:
        yield Finding(
            "backup-old",
            Severity.HIGH,
            "the last backup of the old server is old",
            "what was written since is in none",
            tuple(evidence),
            "make one right before the switch",
        )
    yield Finding(
        "backup-not-proven",
        Severity.MEDIUM,
        "no restore of a backup was proven",
        "a backup that was never restored is a hope",
        tuple(evidence),
        "restore the latest one elsewhere and compare (mover archive does), or accept this with the date of the last "
        "restore test",
    )
