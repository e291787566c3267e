"""The command line of the lab: what is asked for and what is printed, on a lab that is only made up."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from provisioner.cli.commands import lab as command
from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.lab.record import LabRecord


@pytest.fixture(name="labs", autouse=True)
def a_folder_of_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROVISIONER_LAB_DIR", str(tmp_path))
    folder = tmp_path / "labs"
    LabRecord("dev", 3, {"h1": 1, "lb": 2}).write(folder / "dev")
    (folder / "dev" / "inventory.yml").write_text("all: {}\n")
    return folder


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_list_shows_every_lab_with_its_hosts(labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"dev 10.77.3.0/24 {labs}/dev/inventory.yml",
        "  h1 10.77.3.11 stopped",
        "  lb 10.77.3.12 stopped",
    ]


def test_inventory_prints_a_path_for_i(labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("inventory", "--name", "dev") == 0
    assert capsys.readouterr().out == f"{labs}/dev/inventory.yml\n"
    assert call("inventory", "--name", "dev", "--show") == 0
    assert capsys.readouterr().out == "all: {}\n"


def test_a_lab_that_is_not_there_is_named_with_the_remedy() -> None:
    with pytest.raises(InputError, match="no lab called other"):
        call("inventory", "--name", "other")
    with pytest.raises(InputError, match=r"(?s)no host 'lbb'.*did you mean 'lb'"):
        call("ssh", "--name", "dev", "lbb")


def test_ssh_passes_on_the_command_and_its_exit_code(labs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def attached(_: object, argv: list[str]) -> int:
        calls.append(argv)
        return 3

    monkeypatch.setattr("provisioner.lab.commands.Commands.attached", attached)
    assert call("ssh", "--name", "dev", "--user", "ops", "lb", "ls", "-l", "/") == 3
    assert calls[0][:3] == ["ssh", "-i", f"{labs}/dev/id_ed25519"]
    assert calls[0][-4:] == ["ops@10.77.3.12", "ls", "-l", "/"]


@pytest.mark.parametrize("words", [["up"], ["up", "--hosts", "2"], ["down"], ["reset"]])
def test_whatever_changes_something_needs_root(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(UnmetNeed, match="sudo"):
        call(*words, "--name", "dev")
