"""apt: what a run starts, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import apt
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.apt import does_something, is_locked, summary
from provisioner.remote.system.commands import Commands, Completed

STATUS = "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n\n"
INSTALLED = (
    "The following NEW packages will be installed:\n  hello\n"
    "0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n"
)


class Apt(Commands):
    """Installs whatever it is told to."""

    def __init__(self, root: Path, out: str = INSTALLED) -> None:
        self.status = root / "var/lib/dpkg/status"
        self.status.parent.mkdir(parents=True)
        self.status.write_text(STATUS.format(name="bash"))
        self.out = out
        self.ran: list[list[str]] = []

    def run(self, argv: Any, **_: Any) -> Completed:
        words = [word for word in argv if not word.startswith("-") and "::" not in word]
        self.ran.append(words)
        if "-y" in argv and "install" in words and "1 newly" in self.out:
            self.status.write_text(self.status.read_text() + STATUS.format(name=words[-1]))
        return Completed(0, self.out, "")


def install(tmp_path: Path, mode: Mode, out: str = INSTALLED) -> tuple[dict[str, Any], list[list[str]]]:
    commands = Apt(tmp_path, out)
    system = System(root=str(tmp_path), commands=commands)
    return run_module(apt, {"name": ["bash", "hello"]}, mode, system), commands.ran


def test_a_plain_run_starts_apt_once(tmp_path: Path) -> None:
    result, ran = install(tmp_path, Mode())
    assert result["changed"] is True
    assert ran == [["/usr/bin/apt-get", "install", "hello"]]


def test_a_run_with_diff_simulates_first(tmp_path: Path) -> None:
    result, ran = install(tmp_path, Mode(diff=True))
    assert len(ran) == 2
    assert "hello" in result["diff"]["prepared"]


def test_check_mode_only_simulates(tmp_path: Path) -> None:
    result, ran = install(tmp_path, Mode(check=True))
    assert (result["changed"], len(ran)) == (True, 1)
    assert result["stdout"] == INSTALLED


def test_apt_that_installs_nothing_did_not_hold(tmp_path: Path) -> None:
    result, _ = install(tmp_path, Mode(), "0 upgraded, 0 newly installed, 0 to remove and 1 not upgraded.\n")
    assert result["failed"]
    assert "did not hold" in result["msg"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.", False),
        ("1 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.", True),
        ("0 upgraded, 0 newly installed, 1 downgraded, 0 to remove and 0 not upgraded.", True),
        ("0 upgraded, 0 newly installed, 1 reinstalled, 0 to remove and 0 not upgraded.", True),
        ("0 upgraded, 0 newly installed, 2 to remove and 0 not upgraded.", True),
        ("E: something else", False),
    ],
)
def test_apts_own_count_tells_whether_anything_happens(said: str, expected: bool) -> None:
    assert does_something(Completed(0, f"Reading package lists...\n{said}\n", "")) is expected


def test_a_diff_shows_what_happens_and_no_progress() -> None:
    text = "Reading package lists...\nBuilding dependency tree...\n" + INSTALLED + "Inst hello (2.10)\n"
    assert summary(text) == INSTALLED.rstrip("\n")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)", True),
        ("E: Could not open lock file - open (13: Permission denied)\nE: Unable to lock directory", False),
        ("E: Unable to locate package x", False),
    ],
)
def test_only_another_apt_at_work_is_waited_for(said: str, expected: bool) -> None:
    assert is_locked(said) is expected


def test_only_upgrade_leaves_alone_what_is_not_there(tmp_path: Path) -> None:
    commands = Apt(tmp_path)
    system = System(root=str(tmp_path), commands=commands)
    for state in ("present", "latest"):
        result = run_module(apt, {"name": "hello", "state": state, "only_upgrade": True}, Mode(), system)
        assert (result["changed"], result.get("failed"), commands.ran) == (False, None, [])
