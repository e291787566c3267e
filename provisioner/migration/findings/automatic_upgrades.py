"""Upgrades that begin by themselves: they restart services in the middle of a move, on either server."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines

TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer", "dnf-automatic.timer", "dnf-automatic-install.timer",
          "unattended-upgrades.service", "yum-cron.service", "packagekit.service", "snapd.refresh.timer")  # fmt: skip


def look(sight: Sight) -> Iterator[Finding]:
    """Yield the timers and services that upgrade packages, of both servers."""
    found = lines(
        f"{side}: {name}"
        for side, snapshot in sight.sides
        for scope in ("timers", "services")
        for name, item in snapshot.items(scope).items()
        if name in TIMERS and (item.get("enabled") in (True, "enabled") or item.get("running") is True)
    )
    if found:
        yield Finding(
            "automatic-upgrades",
            Severity.LOW,
            "packages are upgraded by themselves",
            "an upgrade in the window restarts services and holds the lock of the package system",
            found,
            "stop these timers before the window and start them again after it (freeze and unfreeze tasks)",
        )
