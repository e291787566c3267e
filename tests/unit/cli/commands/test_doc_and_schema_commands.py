"""``provisioner doc`` and ``provisioner schema`` answer from the code that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.main import main
from provisioner.diagnostics.errors import Exit


def test_the_manual_of_a_module_has_parameters_returns_traits_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "ansible.builtin.slurp"]) == Exit.OK
    said = capsys.readouterr().out
    for part in ("SLURP", "= src  (path)", "also: path", "RETURN VALUES", "content", "EXAMPLES", "slurp:"):
        assert part in said


def test_modules_are_listed_with_their_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "-l", "apt"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["apt", "apt_key", "apt_repository"]
    assert all(len(line.split()) > 2 for line in lines)


def test_a_name_nobody_knows_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "coppy"]) == Exit.BAD_OPTIONS
    assert "did you mean 'copy'?" in capsys.readouterr().err


def test_the_manual_is_there_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doc", "-j", "service"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)["service"]
    assert {each["name"] for each in found["parameters"]} >= {"name", "state", "enabled", "daemon_reload"}
    assert found["returns"]["enabled"]


def test_the_schema_is_written_to_a_file(tmp_path: Path) -> None:
    assert main(["schema", "tasks", "-o", str(tmp_path / "tasks.json")]) == 0
    found = json.loads((tmp_path / "tasks.json").read_text("utf-8"))
    assert "copy" in found["$defs"]["task"]["properties"]
