"""``provisioner migrate``: what is said of a migration, also while somebody works on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.migrating.book import FILE, INBOX, folder_of, look
from provisioner.cli.main import main
from provisioner.journal import chronicle


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of the migration ``shop``."""
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    path = folder_of("shop") / FILE
    with chronicle.opened(path) as opened:
        opened.add("state", "ann", state="ready", because="")
    return path


def test_words_are_noted_with_who_said_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "approve", "shop"]) == 0
    assert main(["migrate", "hold", "shop", "--reason", "audit"]) == 0
    found = look("shop")
    assert list(found.approvals) != []
    assert found.held == "audit"
    assert main(["migrate", "release", "shop"]) == 0
    assert look("shop").held == ""
    assert "hold noted" in capsys.readouterr().out


def test_while_somebody_works_on_it_a_word_is_left_for_them(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chronicle.opened(record):
        assert main(["migrate", "hold", "shop", "--reason", "audit"]) == 0
    assert "one is under way" in capsys.readouterr().out
    assert len(list((record.parent / INBOX).glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", "shop"], "'hold' needs a reason"),
        (["waive", "shop", "--reason", "x", "--gate", "rehersal"], "did you mean 'rehearsal'?"),
        (["approve", "shap"], "did you mean 'shop'?"),
        (["run", "other"], "where is the migration 'other' defined?"),
        (["hold"], "which migration?"),
    ],
)
def test_mistakes_are_said_in_one_message(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", *words]) == 4
    assert said in capsys.readouterr().err


def test_the_status_is_shown_in_two_voices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "status"]) == 0
    assert main(["migrate", "status", "shop", "--plain"]) == 0
    out = capsys.readouterr().out
    assert "state" in out
    assert "Everything is ready for the move" in out
