"""What is said where a lab cannot be: one line with the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.lab.commands import Commands, LabError
from provisioner.lab.needs import ensure_programs, require_root
from provisioner.lab.network import raise_setting


class Machine(Commands):
    """A machine that has some programs; installing works or not."""

    def __init__(self, programs: Sequence[str], *, apt_works: bool = True) -> None:
        self.programs, self.apt_works = programs, apt_works
        self.calls: list[Sequence[str]] = []

    def has(self, program: str) -> bool:
        """Look in the list."""
        return program in self.programs

    def run(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Note the call."""
        self.calls.append(argv)
        if not self.apt_works:
            raise LabError("no network")
        return ""


EVERYTHING = ["systemd-nspawn", "debootstrap", "ip", "ssh-keygen", "nft", "openssl", "apt-get"]


def test_nothing_is_installed_where_nothing_is_missing() -> None:
    machine, said = Machine(EVERYTHING), list[str]()
    ensure_programs(machine, said.append)
    assert (machine.calls, said) == ([], [])


def test_what_is_missing_on_debian_is_installed_and_said_in_one_line() -> None:
    machine, said = Machine(["ip", "ssh-keygen", "nft", "openssl", "apt-get"]), list[str]()
    ensure_programs(machine, said.append)
    assert said == ["lab: installing debootstrap systemd-container"]
    assert machine.calls[-1][-2:] == ["debootstrap", "systemd-container"]


def test_elsewhere_the_remedy_is_named() -> None:
    with pytest.raises(UnmetNeed, match=r"missing: debootstrap: install debootstrap$"):
        ensure_programs(Machine([p for p in EVERYTHING if p not in {"debootstrap", "apt-get"}]), print)


def test_a_failed_installation_names_the_remedy_too() -> None:
    machine = Machine(["apt-get"], apt_works=False)
    with pytest.raises(UnmetNeed, match=r"apt-get failed \(no network\): install debootstrap iproute2"):
        ensure_programs(machine, lambda _: None)


def test_without_root_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(UnmetNeed, match=r"need root.*sudo"):
        require_root()


def test_a_system_that_is_not_linux_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(UnmetNeed, match="run this on Linux"):
        require_root()


def test_a_kernel_limit_is_raised_and_never_lowered(tmp_path: Path) -> None:
    setting = tmp_path / "max_user_instances"
    setting.write_text("128\n")
    raise_setting(setting, 8192)
    assert setting.read_text() == "8192"
    raise_setting(setting, 10)
    assert setting.read_text() == "8192"
    raise_setting(tmp_path / "not-in-this-kernel", 1)
    assert not (tmp_path / "not-in-this-kernel").exists()
