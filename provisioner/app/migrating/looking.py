"""What is known before a move: snapshots, findings, and how long things took so far."""

from __future__ import annotations

from provisioner.app.migrating.book import Book
from provisioner.diagnostics.errors import Exit
from provisioner.migration import record as states
from provisioner.migration.lifecycle import Situation, rehearsal_gate
from provisioner.migration.record import samples


def discover(book: Book) -> int:
    """Take snapshots of the old servers."""
    book.enter(states.DISCOVERED)
    return int(Exit.OK)


def assess(book: Book) -> int:
    """Look for what stands in the way."""
    book.enter(states.ASSESSED)
    return int(Exit.OK)


def inhibitors(book: Book) -> list[str]:
    """Return the open inhibitors of the last assessment."""
    return list(map(str, book.standing.artefacts.get("assessment", {}).get("inhibitors", [])))


def ttl_left_s(book: Book) -> float:
    """Return for how long caches may still hold what a switch had before its time to live was lowered."""
    left = 0.0
    for part in book.migration.switches:
        for each in book.standing.measured.get(part.name, [])[-1:]:
            left = max(left, float(each.get("wait_s", 0.0)))
    return left


def needed_s(book: Book) -> tuple[float, float]:
    """Return how long moving and going back take: the longest of each stage in rehearsals and earlier attempts."""
    seen = samples(book.standing.attempts, "rehearse")
    forward = sum(max(times) for stage, times in seen.items() if stage.startswith("forward: "))
    back = sum(max(times) for stage, times in seen.items() if stage.startswith("back: "))
    return forward, back or forward


def is_rehearsed(situation: Situation) -> bool:
    """Tell whether the last rehearsal still counts for what is to be done now."""
    return all(gate.is_open for gate in rehearsal_gate(situation))
