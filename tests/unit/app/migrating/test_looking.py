"""What is known before a move is shown, not only counted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner.app.assessing import Assessed
from provisioner.app.migrating import looking
from provisioner.app.migrating.book import Book, Way
from provisioner.diagnostics.position import Position, Source
from provisioner.discovery.snapshot import Snapshot
from provisioner.journal import chronicle
from provisioner.migration.assessing import Assessment
from provisioner.migration.casting import Casting
from provisioner.migration.sight import Finding, Severity
from provisioner.model.migration import Migration

SHOP = Migration("shop", Position(Source("shop.yml"), 1, 3), ".", "shop.yml", {"old": "a", "new": "b"})


def test_an_assessment_shows_its_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("disk-space", Severity.INHIBITOR, "The new disk is too small", "it is")
    found = [Assessed(Snapshot("a"), Snapshot("b"), Assessment("a", "b", (finding,)))]
    monkeypatch.setattr(looking, "assess_pairs", lambda *_: found)
    said: list[str] = []
    with chronicle.opened(tmp_path / "shop" / "record.jsonl") as record:
        way = Way(SimpleNamespace(), SimpleNamespace(), (), lambda *_: "", said.append, "ann")  # type: ignore[arg-type]
        casting = Casting({"old": ("a",), "new": ("b",)}, {"a": "b", "b": "a"}, {})
        book = Book(SHOP, SimpleNamespace(), casting, record, way, "f")  # type: ignore[arg-type]
        assert looking.assess(book) == 0
        assert looking.inhibitors(book) == ["disk-space"]
    (shown,) = said
    assert "disk-space" in shown
    assert "The new disk is too small" in shown
    assert "a -> b: 1 inhibitor open" in shown
