"""The config command: values with their origins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.main import main


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = 7\nfroks = 8\n")


def test_what_was_changed_is_shown_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--changed"]) == 0
    assert f"DEFAULT_FORKS = 7  ({tmp_path}/ansible.cfg:2)" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["forks", "DEFAULT_FORKS", "ansible_forks", "defaults.forks"])
def test_a_setting_is_found_by_any_of_its_names(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--json", word]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["name"], told["value"], told["line"]) == ("DEFAULT_FORKS", 7, 2)


def test_a_name_nobody_knows_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "fork"]) != 0
    assert "did you mean" in capsys.readouterr().err


def test_unknown_settings_are_named_when_asked_to_say_more(capsys: pytest.CaptureFixture[str]) -> None:
    main(["config", "show", "forks"])
    assert "froks" not in capsys.readouterr().err
    main(["config", "show", "-v", "forks"])
    assert "froks" in capsys.readouterr().err


def test_another_file_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.cfg").write_text("[defaults]\nforks = 3\n")
    main(["config", "show", "-c", "other.cfg", "forks"])
    assert "= 3 " in capsys.readouterr().out
    assert main(["config", "show", "-c", "none.cfg"]) != 0
