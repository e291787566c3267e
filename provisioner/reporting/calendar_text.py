"""Spans of time as an iCalendar file, which calendar programs read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from provisioner.records import dataclass

LONGEST = 73
"""Octets a line may have, less the two that end it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    title: str
    start: datetime
    end: datetime
    description: str = ""


def calendar_text(entries: Iterable[Entry], made_at: datetime) -> str:
    """Return the file; events keep their identity from one export to the next."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//provisioner//windows//EN"]
    for entry in entries:
        identity = hashlib.sha256(f"{entry.title}\n{entry.start.astimezone(UTC)}".encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{identity}@provisioner",
            f"DTSTAMP:{_utc(made_at)}",
            f"DTSTART:{_utc(entry.start)}",
            f"DTEND:{_utc(entry.end)}",
            f"SUMMARY:{_escaped(entry.title)}",
            *([f"DESCRIPTION:{_escaped(entry.description)}"] if entry.description else []),
            "END:VEVENT",
        ]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> str:
    """Return a line broken so that no piece is too long and no character is torn."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > LONGEST:
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece])
