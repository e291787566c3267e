"""Moments and lengths of time as people read them."""

from __future__ import annotations

from datetime import datetime

from provisioner.scheduling.clocks import zone_of


def moment_text(at: datetime, zone: str) -> str:
    """Return a moment as clocks in a zone show it, and how they are set: ``Sat 2026-11-28 22:00 CET``."""
    local = at.astimezone(zone_of(zone))
    seconds = ":%S" if local.second else ""
    return local.strftime(f"%a %Y-%m-%d %H:%M{seconds} %Z").strip()


def length(seconds: float) -> str:
    """Return a length of time in its two largest units: ``4 h``, ``1 d 3 h``, ``45 s``."""
    left = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
