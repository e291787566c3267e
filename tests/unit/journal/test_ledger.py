"""The ledger: what becomes of it where its folder cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.journal import ledger as room
from provisioner.journal.ledger import LEDGER, ledger, look


@pytest.fixture
def unwritable(tmp_path: Path) -> dict[str, str]:
    """A state folder below a file: nothing can be made there, whoever one is."""
    (tmp_path / "file").write_text("")
    return {"PROVISIONER_STATE_DIR": str(tmp_path / "file" / "state")}


def test_a_ledger_that_cannot_be_written_can_be_looked_at(unwritable: dict[str, str]) -> None:
    assert look(unwritable).hosts == {}


def test_changing_a_ledger_that_cannot_be_written_says_so(unwritable: dict[str, str]) -> None:
    with pytest.raises(UnmetNeed, match=r"cannot write .*ledger.json: Not a directory"), ledger(unwritable):
        pass


def test_a_full_disk_takes_nothing_from_who_only_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _found: object) -> None:
        raise OSError(28, "No space left on device")

    environ = {"PROVISIONER_STATE_DIR": str(tmp_path)}
    (tmp_path / LEDGER).write_text(
        '{"hosts": {"h1": {"run": "r", "at": 1.0, "seen": "ok", "owed": []}}, "folded": ["r"]}'
    )
    monkeypatch.setattr(room, "_write", full)
    assert look(environ).hosts["h1"].seen == "ok"
    with pytest.raises(UnmetNeed, match="No space left on device"), ledger(environ) as book:
        book.hosts.clear()


@pytest.mark.parametrize("text", ["", "[]", '{"hosts": [], "folded": []}', "[" * 20_000, "\udc80"])
def test_a_ledger_that_is_damaged_is_made_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / LEDGER).write_text(text, errors="surrogateescape")
    assert look({"PROVISIONER_STATE_DIR": str(tmp_path)}).hosts == {}
