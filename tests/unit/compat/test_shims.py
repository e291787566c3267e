"""The commands with Ansible's names: that they are written, start, and are found by their names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from provisioner import catalog
from provisioner.compat import __main__ as entry
from provisioner.compat import main as border
from provisioner.compat.shims import command_of, install, program_of
from tests.unit.compat.conftest import Started

PROGRAMS = {
    "ansible", "ansible-playbook", "ansible-inventory", "ansible-vault", "ansible-doc", "ansible-config",
    "ansible-galaxy", "ansible-console", "ansible-pull",
}  # fmt: skip


def test_every_command_of_ansible_is_written_and_can_be_executed(tmp_path: Path) -> None:
    paths = list(install(tmp_path / "bin"))
    assert {path.name for path in paths} == PROGRAMS
    assert all(os.access(path, os.X_OK) for path in paths)


def test_install_shims_prints_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["install-shims", str(tmp_path)]) == 0
    assert f"{tmp_path}/ansible-playbook\n" in capsys.readouterr().out


def test_an_installed_command_starts_from_any_folder_without_its_package_on_the_path(tmp_path: Path) -> None:
    shims = {path.name: path for path in install(tmp_path)}
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [str(shims["ansible-playbook"]), "--version"]
    done = subprocess.run(words, cwd="/", env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ansible-playbook [core 2.18")
    assert f"executable location = {shims['ansible-playbook']}" in done.stdout


@pytest.mark.parametrize("command", sorted(catalog.names("shim")))
def test_a_program_and_its_file_are_named_alike(command: str) -> None:
    assert command_of(program_of(command)) == command
    assert border.parser_of(command).prog == program_of(command)


def test_a_wrong_option_shows_the_help_and_exits_with_2(start: Started) -> None:
    said = start("ansible-playbook", "--nonsense", "x.yml")
    assert said.code == 2
    assert "unrecognized arguments: --nonsense" in said.err


def test_the_console_is_refused_with_another_way(start: Started) -> None:
    said = start("ansible-console")
    assert said.code == 1
    assert "ansible PATTERN -m MODULE" in said.err


def test_a_locale_that_is_not_utf8_is_refused(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(border, "_encoding_problem", lambda: "Ansible requires the locale encoding to be UTF-8")
    said = start("ansible", "--version")
    assert said.code == 1
    assert said.err == "ERROR: Ansible requires the locale encoding to be UTF-8\n"
