"""The compare command: its exit codes and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.main import main
from provisioner.discovery.snapshot import Scope, Snapshot, save


@pytest.fixture
def snaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ports = {"tcp *:80": {"programs": ["nginx"]}}
    save(Snapshot("old", scopes={"ports": Scope(items=ports)}), tmp_path / "old.json")
    save(Snapshot("same", scopes={"ports": Scope(items=ports)}), tmp_path / "same.json")
    save(Snapshot("new", scopes={"ports": Scope()}), tmp_path / "new.json")
    return tmp_path


def test_equal_servers_exit_with_zero_and_unexplained_differences_with_two(
    snaps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "old.json", "same.json"]) == 0
    assert "no differences" in capsys.readouterr().out
    assert main(["compare", "old.json", "new.json", "--html", "x.html"]) == 2
    assert "tcp *:80: missing" in capsys.readouterr().out
    assert (snaps / "x.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_json_is_all_that_is_printed_when_asked_for(snaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert snaps.is_dir()
    assert main(["compare", "old.json", "new.json", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["counts"]["unexplained"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["old.json", "none.json"], "there is no snapshot none.json"),
        (["old.json", "new.json", "--waivers", "w.yml"], "waivers count only when signed"),
        (["old.json", "new.json", "--html", "no/such/folder/x.html"], "No such file"),
    ],
)
def test_what_cannot_be_told_exits_with_one(
    snaps: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert snaps.is_dir()
    assert main(["compare", *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "provisioner: error:" not in told, "a mistake says once that it is one"
