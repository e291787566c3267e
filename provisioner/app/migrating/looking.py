"""What is known before a move: snapshots, findings, and how long things took so far."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from provisioner.app.assessing import Assessed, Question, assess_pairs
from provisioner.app.discovery import discover as take_snapshots
from provisioner.app.migrating.book import Book
from provisioner.diagnostics.errors import Exit, Unreachable
from provisioner.discovery.probing import Wanted
from provisioner.discovery.snapshot import save
from provisioner.migration import record as states
from provisioner.migration.acceptances import read_acceptances
from provisioner.migration.assessment_text import as_text
from provisioner.migration.lifecycle import Situation, rehearsal_gate
from provisioner.migration.steps import NEW, OLD
from provisioner.migration.timing import timed
from provisioner.reporting.paint import Paint


def discover(book: Book) -> int:
    """Take a snapshot of every old server, and keep it beside the record."""
    book.note("began", phase="discover")
    hosts = book.casting.hosts[OLD]
    found = take_snapshots(hosts, Wanted(), book.way.options, book.way.credentials, _ignored)
    for host, snapshot in found.snapshots.items():
        path = snapshot_path(book, host)
        save(snapshot, path)
        book.note("artefact", name=f"snapshot of {host}", path=str(path), hash=snapshot.hash)
    failure = "; ".join(found.problems.values())
    book.note("ended", ok=not failure, failure=failure)
    if failure:
        return int(Exit.HOSTS_UNREACHABLE)
    book.enter(states.DISCOVERED)
    return int(Exit.OK)


def assess(book: Book) -> int:
    """Look for what stands in the way; the findings are kept beside the record, open inhibitors shut the next gate."""
    accepted = read_acceptances([Path(each) for each in book.migration.accepted], datetime.now(UTC).date())
    book.note("began", phase="assess")
    pairs = [(str(snapshot_path(book, old)), new)
             for old, new in zip(book.casting.hosts[OLD], book.casting.hosts[NEW], strict=True)]  # fmt: skip
    proof = ", ".join(part.name for part in book.migration.data if part.kind == "archive")
    proven = f"archive {proof}, restored before the switch" if proof else ""
    question = Question(accepted.valid, is_built=False, backup_proof=proven)
    try:
        found = assess_pairs(pairs, question, book.way.options, book.way.credentials, _ignored)
    except Unreachable as error:
        book.note("ended", ok=False, failure=str(error).splitlines()[0])
        return int(Exit.HOSTS_UNREACHABLE)
    counts = _keep(book, found)
    for each in found:
        book.way.tell(as_text(each.assessment, Paint(is_coloured=False), is_brief=True))
    book.note("ended", ok=True)
    book.enter(states.ASSESSED, ", ".join(f"{count} {name}" for name, count in counts.items() if count))
    return int(Exit.OK)


def _keep(book: Book, found: list[Assessed]) -> dict[str, int]:
    path = book.folder / "assessment.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"pairs": [each.assessment.data() for each in found]}, stream, indent=1)
    open_ones = [name for each in found for name in each.assessment.inhibitors]
    counts: dict[str, int] = {}
    for each in found:
        for severity, count in each.assessment.counts().items():
            counts[severity] = counts.get(severity, 0) + count
    book.note("artefact", name="assessment", path=str(path), inhibitors=open_ones, open=counts)
    return counts


def snapshot_path(book: Book, host: str) -> Path:
    """Return where the snapshot of a host lies."""
    return book.folder / "snapshots" / f"{host}.json"


def _ignored(_text: str) -> None:
    """Warnings about the way to a host are those of every other phase, which tells them."""


def inhibitors(book: Book) -> list[str]:
    """Return the open inhibitors of the last assessment."""
    return list(map(str, book.standing.artefacts.get("assessment", {}).get("inhibitors", [])))


def ttl_left_s(book: Book) -> float:
    """Return for how long caches may still hold what a switch had before its time to live was lowered."""
    left = 0.0
    for part in book.migration.switches:
        for each in book.standing.measured.get(part.name, [])[-1:]:
            left = max(left, float(each.get("wait_s") or 0.0))
    return left


def needed_s(book: Book) -> tuple[float, float]:
    """Return how many seconds moving and going back take nine times of ten, as far as rehearsals and passes tell."""
    found = timed(book.migration, book.standing)
    return found.forward.p90, found.rollback.p90


def is_rehearsed(situation: Situation) -> bool:
    """Tell whether the last rehearsal still counts for what is to be done now."""
    return all(gate.is_open for gate in rehearsal_gate(situation))
