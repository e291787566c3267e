"""The history command on journals written for the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.cli.main import main
from provisioner.journal.journal import Journal
from provisioner.model import event as e
from provisioner.model.status import Status

IDS = ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260102-000001-cccc")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    for number, id in enumerate(IDS):
        journal = Journal.create(
            tmp_path / "runs" / id, e.RunStarted(id, 86400.0 * number, "v", ("site.yml",), (), "u")
        )
        journal.write(e.OperationFinished("o", "h1", Status.CHANGED, {"changed": True}, 1.0))
        if number < 2:
            journal.write(e.RunFinished(id, 2 * number, 5.0, 65.0, {"h1": e.HostStats(ok=1, changed=1)}))
        journal.close()
    return tmp_path / "runs"


def test_runs_are_listed_newest_first_with_outcome_and_duration(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(IDS, reverse=True)
    assert "unfinished" in lines[0]
    assert "exit 2       1m05s    1 hosts  site.yml" in lines[1]
    assert " ok " in lines[2]
    main(["history", "list", "-n", "1"])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_damaged_journal_is_listed_as_such(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / IDS[0] / "journal.jsonl").write_text("junk\n")
    assert main(["history"]) == 0
    assert f"{IDS[0]}  the journal is damaged or was changed" in capsys.readouterr().out


@pytest.mark.parametrize("word", [IDS[1], "20260102-000000", "20260101", "last"])
def test_a_run_is_shown_by_id_beginning_or_last(runs: Path, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["history", "show", word]) == 0
    text = capsys.readouterr().out
    assert "  changed      h1  o" in text
    assert "h1                         : ok=1    changed=1 " in text


def test_a_run_can_be_shown_in_any_output_and_as_reports(
    runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["history", "show", "last", "--output", "json", "--report", str(tmp_path / "r.html")]) == 0
    assert capsys.readouterr().out.startswith('{"type":"RunStarted"')
    assert (tmp_path / "r.html").exists()


def test_a_journal_can_be_named_by_its_path(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "show", str(runs / IDS[0])]) == 0
    assert main(["history", "show", str(runs / IDS[0] / "journal.jsonl")]) == 0


@pytest.mark.parametrize(
    ("word", "text"), [("20260102", "is the beginning of 2 runs"), ("nonsense", "there is no run 'nonsense'")]
)
def test_an_unclear_name_is_an_error(runs: Path, capsys: pytest.CaptureFixture[str], word: str, text: str) -> None:
    assert main(["history", "show", word]) == 4
    assert text in capsys.readouterr().err


def test_check_proves_a_journal_or_names_the_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "check", IDS[0]]) == 0
    assert "whole and unchanged: 3 events" in capsys.readouterr().out
    path = runs / IDS[0] / "journal.jsonl"
    path.write_text(path.read_text().replace('"h1"', '"h2"', 1))
    assert main(["history", "check", IDS[0]]) == 4
    assert "journal.jsonl:3:1" in capsys.readouterr().err


def test_a_torn_journal_is_shown_and_that_is_said(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = runs / IDS[0] / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-4])
    assert main(["history", "show", IDS[0]]) == 0
    captured = capsys.readouterr()
    assert "bytes of a line that was never finished" in captured.err
    assert "the run did not come to its end" in captured.out
