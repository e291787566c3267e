"""The time zone, by which cron jobs, logs and programs tell the time."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, value

SAME = {
    "Etc/UTC": "UTC",
    "Etc/UCT": "UTC",
    "UCT": "UTC",
    "Universal": "UTC",
    "Zulu": "UTC",
    "Etc/Zulu": "UTC",
    "": "UTC",
}


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding where the zones are not the same."""
    both = sight.pair("os")
    if both is None:
        return
    old, new = (str(value(each, "timezone")) for each in both)
    if SAME.get(old, old) != SAME.get(new, new):
        yield Finding(
            "time-zone",
            Severity.HIGH,
            "the new server is in another time zone",
            "cron jobs and timers run at another hour, logs and times without a zone mean something else",
            (f"old server: {old}", f"new server: {new}"),
            f"set it to {old} on the new server (module timezone) and restart what reads it at its start, cron first",
        )
