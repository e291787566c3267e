"""Certificates that have expired or soon will, and those the new server lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import DAY_S, Finding, Severity, Sight, has, lines

SOON_S, VERY_SOON_S = 30 * DAY_S, 7 * DAY_S


def look(sight: Sight) -> Iterator[Finding]:
    """Yield expired ones, those that expire soon, and those of web sites that are missing."""
    for side, snapshot in sight.sides:
        left = {path: _left_s(item, sight.now) for path, item in snapshot.items("certificates").items()}
        items = snapshot.items("certificates")
        expired = lines(
            _line(path, items[path]) for path, seconds in left.items() if seconds is not None and seconds <= 0
        )
        soon = {path: seconds for path, seconds in left.items() if seconds is not None and 0 < seconds < SOON_S}
        if expired:
            yield Finding(
                f"certificates-expired:{side}",
                Severity.HIGH,
                f"{len(expired)} certificates of the {side} server have expired",
                "whoever checks them refuses to connect; a move is blamed for what was broken before it",
                expired,
                "renew those that are in use, remove the others",
            )
        if soon:
            is_urgent = min(soon.values()) < VERY_SOON_S
            yield Finding(
                f"certificates-expiring:{side}",
                Severity.HIGH if is_urgent else Severity.MEDIUM,
                f"{len(soon)} certificates of the {side} server expire within 30 days",
                "they may expire during the move, while renewal still goes to the other server",
                lines(_line(path, items[path]) for path in soon),
                "renew them before the move, and see that renewal works on the new server",
            )
    yield from _missing(sight)


def _missing(sight: Sight) -> Iterator[Finding]:
    if sight.new is None or not sight.is_built or not has(sight.new, "certificates"):
        return
    used = {str(each.get("certificate") or "") for each in sight.old.items("websites").values()}
    there = sight.new.items("certificates")
    missing = lines(path for path in used if path and path in sight.old.items("certificates") and path not in there)
    if missing:
        yield Finding(
            "certificates-missing",
            Severity.HIGH,
            "certificates of web sites are not on the new server",
            "the web server does not start without them",
            missing,
            "copy them with their keys (as a data set of the migration), or have new ones made there",
        )


def _left_s(item: Item, now: float) -> float | None:
    try:
        end = datetime.fromisoformat(str(item.get("not_after", "")))
    except ValueError:
        return None
    return (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp() - now


def _line(path: str, item: Item) -> str:
    return f"{path}: until {str(item.get('not_after', ''))[:10]}, {item.get('subject', '')}"
