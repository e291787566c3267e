"""Systems that get no security updates any more, or will not for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from provisioner.migration.sight import Finding, Severity, Sight, value

SOON_DAYS = 365
ENDS = {
    "debian": {
        "7": "2018-05-31",
        "8": "2020-06-30",
        "9": "2022-06-30",
        "10": "2024-06-30",
        "11": "2026-08-31",
        "12": "2028-06-30",
        "13": "2030-06-30",
    },
    "ubuntu": {
        "12.04": "2017-04-28",
        "14.04": "2019-04-25",
        "16.04": "2021-04-30",
        "18.04": "2023-05-31",
        "20.04": "2025-05-31",
        "22.04": "2027-04-30",
        "24.04": "2029-05-31",
    },
    "centos": {
        "5": "2017-03-31",
        "6": "2020-11-30",
        "7": "2024-06-30",
        "8": "2021-12-31",
        "9": "2027-05-31",
        "10": "2030-05-31",
    },
    "rhel": {"6": "2020-11-30", "7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "rocky": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "almalinux": {"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"},
    "alpine": {
        "3.17": "2024-11-22",
        "3.18": "2025-05-09",
        "3.19": "2025-11-01",
        "3.20": "2026-04-01",
        "3.21": "2026-11-01",
        "3.22": "2027-05-01",
    },
}
"""The last day of free security updates, long-term support included, as the projects have announced it."""


def look(sight: Sight) -> Iterator[Finding]:
    """Yield systems whose support is over or ends within a year; on the new server that counts far more."""
    today = datetime.fromtimestamp(sight.now, UTC).date()
    for side, snapshot in sight.sides:
        release = snapshot.items("os")
        system, version = (str(value(release, "release", key)) for key in ("id", "version"))
        end = _end(system, version)
        if end is None:
            continue
        left = (end - today).days
        if left > SOON_DAYS:
            continue
        name = str(value(release, "release", "name")) or f"{system} {version}"
        is_new = side == "new"
        over = Severity.INHIBITOR if is_new else Severity.LOW
        yield Finding(
            f"end-of-life:{side}",
            over if left < 0 else Severity.HIGH if is_new else Severity.INFO,
            f"{name} of the {side} server {'gets no updates any more' if left < 0 else 'gets no updates in a year'}",
            "the next move would have to follow at once" if is_new else "a reason to move, and a reason not to wait",
            (f"free security updates end on {end.isoformat()}",),
            "install a release with years of support" if is_new else "",
        )


def _end(system: str, version: str) -> date | None:
    known = ENDS.get(system, {})
    parts = version.split(".")
    for key in (version, ".".join(parts[:2]), parts[0]):
        if key in known:
            return date.fromisoformat(known[key])
    return None
