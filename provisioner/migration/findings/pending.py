"""Work that was begun and not ended: reboots, half-installed packages, failed services."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines, measured


def look(sight: Sight) -> Iterator[Finding]:
    """Yield reboots that are due, packages that are broken and services that have failed, on each server."""
    for side, snapshot in sight.sides:
        seen = measured(snapshot, "pending")
        reboot = lines(str(each) for each in seen.get("reboot", []))
        if reboot:
            yield Finding(
                f"reboot-due:{side}",
                Severity.HIGH if side == "new" else Severity.MEDIUM,
                f"the {side} server waits for a reboot",
                "whether it comes up again is not known: that is better found out now than after the move"
                if side == "new"
                else "it does not run what is installed; a reboot by accident may change what it does",
                reboot,
                "reboot it and look at all services afterwards, before the move",
            )
        broken = lines(str(each) for each in seen.get("packages", []))
        if broken:
            yield Finding(
                f"packages-broken:{side}",
                Severity.HIGH,
                f"packages of the {side} server are only half installed",
                "the package system refuses further work, in the middle of building or of an emergency",
                broken,
                "dpkg --configure -a && apt-get -f install",
            )
        failed = lines(name for name, item in snapshot.items("services").items() if item.get("failed") is True)
        if failed:
            yield Finding(
                f"services-failed:{side}",
                Severity.MEDIUM,
                f"services of the {side} server have failed",
                "it is not known whether they are meant to run; after the move they are taken for its fault",
                failed,
                "repair them or disable them first (systemctl --failed)",
            )
    jobs = measured(sight.old, "timers").get("at_jobs")
    if jobs:
        yield Finding(
            "at-jobs",
            Severity.LOW,
            "jobs wait on the old server to be run once",
            "they do not move by themselves",
            (f"jobs of at: {jobs}",),
            "look at them with atq and at -c",
        )
