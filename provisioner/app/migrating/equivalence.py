"""Old against new before the switch: every difference is expected, explained by a waiver, or keeps the gate shut."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from provisioner.app.discovery import snapshots_of
from provisioner.app.migrating.book import Book
from provisioner.diagnostics.errors import Exit, Unreachable
from provisioner.discovery.comparing import compare
from provisioner.discovery.page import as_page
from provisioner.discovery.snapshot import save
from provisioner.discovery.telling import Comparison
from provisioner.discovery.waivers import read_waivers
from provisioner.migration.steps import NEW, OLD

SHOWN = 10


def prove_equal(book: Book) -> int:
    """Compare every pair as it is now; what nobody explained is told, and is in a page beside the record."""
    comparing = book.migration.compare
    if comparing is None:
        return int(Exit.OK)
    signers = Path(comparing.signers) if comparing.signers else None
    waivers = read_waivers([Path(each) for each in comparing.waivers], signers, datetime.now(UTC).date())
    unexplained: list[str] = []
    pairs = zip(book.casting.hosts[OLD], book.casting.hosts[NEW], strict=True)
    for old, new in pairs:
        try:
            before, after = snapshots_of((old, new), book.way.options, book.way.credentials, book.way.tell)
        except Unreachable as error:
            book.note("note", text=f"not compared: {error}")
            book.way.tell(str(error))
            return int(Exit.HOSTS_UNREACHABLE)
        found = compare(before, after, waivers.valid)
        save(after, book.folder / "snapshots" / f"{new}.json")
        page = book.folder / f"comparison-{old}-{new}.html"
        page.write_text(as_page(Comparison(before, after, found, waivers.expired)), encoding="utf-8")
        blocking = [f"{each.scope} {each.item} {each.attribute}".rstrip() for each in found if each.blocks]
        book.note("artefact", name=f"comparison of {old} and {new}", path=str(page), unexplained=len(blocking))
        unexplained += blocking
    for each in unexplained[:SHOWN]:
        book.way.tell(f"  unexplained: {each}")
    if unexplained:
        book.way.tell(f"{len(unexplained)} differences nobody explained: mend them, or add waivers")
    return int(Exit.ERROR if unexplained else Exit.OK)
