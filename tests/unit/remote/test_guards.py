"""A guard tells what became of it and how long it waits; one that is to survive a reboot says where it cannot."""

from __future__ import annotations

import json
import os
import pwd
import time
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote import guard_boot, guard_timer
from provisioner.remote.modules import armed_guard
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home is a temporary folder, and units go to another one."""
    me = pwd.getpwuid(0)
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: pwd.struct_passwd((*me[:5], str(tmp_path), me[6])))
    monkeypatch.setattr(guard_boot, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(guard_boot, "RUNNING", str(tmp_path))
    (tmp_path / ".provisioner").mkdir()
    return tmp_path


def guard(check: bool = False, **params: Any) -> dict[str, Any]:
    return run_module(armed_guard, {"id": "g", **params}, Mode(check=check), System())


def mark(home: Path) -> list[dict[str, Any]]:
    return [{"module": "file", "params": {"path": str(home / "undone"), "state": "touch"}}]


def test_the_status_tells_armed_confirmed_undone_and_how_long(home: Path) -> None:
    assert guard(do="status")["state"] == "absent"
    guard(do="arm", seconds=30, steps=mark(home))
    armed = guard(do="status", check=True)
    assert (armed["state"], armed["changed"], armed["survives_reboot"]) == ("armed", False, False)
    assert 25 < armed["remaining"] <= 30
    guard(do="confirm")
    assert {name: guard(do="status")[name] for name in ("state", "remaining")} == {"state": "confirmed", "remaining": 0}
    guard(do="arm", seconds=30, steps=mark(home))
    guard(do="undo", steps=mark(home))
    assert guard(do="status")["state"] == "undone"
    assert (home / "undone").exists()


def test_a_clock_that_is_set_does_not_shorten_a_guard(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard(do="arm", seconds=30, steps=mark(home))
    monkeypatch.setattr(armed_guard.time, "time", lambda: 4e9)
    assert guard(do="status")["remaining"] > 25
    guard(do="confirm")


@pytest.mark.parametrize(("age_s", "remaining"), [(10, 20), (1000, 0), (-1000, 30)])
def test_after_a_boot_the_clock_on_the_wall_says_what_is_left(home: Path, age_s: float, remaining: float) -> None:
    told = {"state": "armed", "at": time.time() - age_s, "seconds": 30.0, "deadline": 5.0, "boot": "another"}
    (home / ".provisioner/guard-g").write_text(json.dumps(told))
    assert guard(do="status")["remaining"] == pytest.approx(remaining, abs=1)


def test_it_is_refused_where_systemd_does_not_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_boot, "RUNNING", str(home / "nowhere"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    told = guard(do="arm", seconds=30, steps=mark(home), survive_reboot=True)
    assert "was not booted by systemd" in told["msg"]
    assert guard(do="status")["state"] == "absent", "nothing is armed"


def test_it_is_refused_for_those_who_are_not_root(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in guard(do="arm", seconds=30, steps=mark(home), survive_reboot=True)["msg"]


def test_what_is_kept_for_the_boot_is_for_root_alone_and_goes_when_the_guard_is_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(guard_boot, "_sources", lambda: {"modules/armed_guard.py": "text"})
    guard(do="arm", seconds=30, steps=mark(home), survive_reboot=True)
    folder = home / ".provisioner/guard-g.d"
    assert guard(do="status")["survives_reboot"] is True
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "steps.json").stat().st_mode & 0o777 == 0o600
    unit = home / "units/provisioner-guard-g.service"
    assert f"ConditionPathExists={folder}/steps.json" in unit.read_text()
    assert (home / "units/multi-user.target.wants/provisioner-guard-g.service").readlink() == unit
    guard(do="confirm")
    assert not folder.exists()
    assert not unit.exists()
    assert guard(do="status")["survives_reboot"] is False


def test_after_the_boot_what_is_armed_is_undone_and_what_is_confirmed_is_left(home: Path) -> None:
    path = home / ".provisioner/guard-g"
    told = {"state": "armed", "at": time.time() - 100, "seconds": 30.0, "deadline": 5.0, "boot": "another"}
    for state, is_undone in (("confirmed", False), ("armed", True)):
        path.write_text(json.dumps({**told, "state": state}))
        (home / ".provisioner/guard-g.d").mkdir()
        (home / ".provisioner/guard-g.d/steps.json").write_text(json.dumps(mark(home)))
        armed_guard.after_boot(str(path), f"{path}.d")
        assert (home / "undone").exists() is is_undone
        assert not (home / ".provisioner/guard-g.d").exists()


def test_where_it_cannot_survive_a_reboot_it_is_armed_all_the_same_if_that_may_be(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    armed = guard(do="arm", seconds=30, steps=mark(home), survive_reboot=True, may_do_without=True)
    assert (armed["state"], armed["survives_reboot"]) == ("armed", False)
    guard(do="confirm")


class TimerHost:
    """A home with stand-ins for systemd's programs, which note what they are told."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for program in ("systemd-run", "systemctl"):
            (home / program).write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >> {home}/told\nexit ${{REFUSES:-0}}\n')
            (home / program).chmod(0o755)

    @property
    def told(self) -> list[str]:
        path = self.home / "told"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def timer_host(home: Path, monkeypatch: pytest.MonkeyPatch) -> TimerHost:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(guard_boot, "_sources", lambda: {"modules/armed_guard.py": "text"})
    monkeypatch.setattr(guard_timer, "FOLDER", str(home / "run"))
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    return TimerHost(home)


def test_a_timer_of_systemd_waits_beside_the_process_and_goes_with_the_guard(timer_host: TimerHost) -> None:
    armed = guard(do="arm", seconds=30, steps=mark(timer_host.home))
    assert armed["timer"] == "provisioner-undo-g.timer"
    _, started = timer_host.told
    assert started.startswith("systemd-run --quiet --unit=provisioner-undo-g --on-active=31.0s ")
    folder = timer_host.home / "run/guard-g"
    assert started.endswith(f"{folder}/run.py")
    assert (folder.stat().st_mode & 0o777, (folder / "steps.json").stat().st_mode & 0o777) == (0o700, 0o600)
    guard(do="confirm")
    assert timer_host.told[2:] == ["systemctl stop --no-block provisioner-undo-g.timer"]
    assert not folder.exists()


def test_where_the_process_was_ended_the_timer_undoes_it_once(timer_host: TimerHost) -> None:
    path = timer_host.home / ".provisioner/guard-g"
    guard(do="arm", seconds=30, steps=mark(timer_host.home))
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "deadline": time.monotonic()}))
    armed_guard.after_boot(str(path), str(timer_host.home / "run/guard-g"))
    assert (timer_host.home / "undone").exists()
    assert guard(do="status")["state"] == "undone"
    assert not (timer_host.home / "run/guard-g").exists()


def test_a_guard_is_armed_all_the_same_where_systemd_refuses_a_timer(
    timer_host: TimerHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFUSES", "1")
    armed = guard(do="arm", seconds=30, steps=mark(timer_host.home))
    assert (armed["state"], armed["timer"]) == ("armed", "")
    assert not (timer_host.home / "run/guard-g").exists()
    guard(do="confirm")
