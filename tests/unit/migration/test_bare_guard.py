"""The guard of hosts without Python, its scripts run by this machine's own shell on a temporary folder."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from provisioner.migration import bare_guard
from provisioner.migration.bare_scripts import script_task, word
from provisioner.migration.guards import GuardUse, arm, call_off, commit, reach
from tests.support.scripts import as_shell

NAME = "migration-shop-1"
LINES = ("exit 3", "echo it\\'s > {0}/thawed")
STEPS = [{"module": "raw", "params": {"_raw_params": line}} for line in LINES]


class Host:
    """A folder in which the scripts do their work."""

    def __init__(self, folder: Path, *, systemd: bool = False) -> None:
        self.folder, self.running = folder, str(folder) if systemd else "/-"

    def __call__(self, task: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
        script = as_shell(task).replace(bare_guard.FOLDER, f"{self.folder}/guards")
        script = script.replace("/run/systemd/system", self.running).replace(
            "/etc/systemd/system", f"{self.folder}/units"
        )
        variables = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        words = ["sh", "-c", script]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=20, env=variables)

    def arm(self, seconds: float) -> None:
        steps = [{"module": "raw", "params": {"_raw_params": line.format(self.folder)}} for line in LINES]
        done = self(bare_guard.arm("arm", NAME, seconds, steps))
        assert (done.returncode, done.stdout) == (0, "armed\n"), done.stderr

    @property
    def state(self) -> str:
        return bare_guard.state_in({"stdout": self(bare_guard.status("ask", NAME)).stdout})

    def confirm(self) -> subprocess.CompletedProcess[str]:
        return self(bare_guard.confirm("confirm", NAME))


@pytest.fixture(name="host")
def a_host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path} was never made"
        time.sleep(0.02)


def test_what_nobody_confirms_is_undone_by_the_host_alone_and_a_step_that_fails_keeps_no_other_back(host: Host) -> None:
    host.arm(1)
    _wait_for(host.folder / "thawed")
    assert host.state == "undone"
    assert (host.folder / "thawed").read_text() == "it's\n"
    late = host.confirm()
    assert (late.returncode, late.stderr) == (1, "not confirmed in time: the host undid it\n")


def test_what_was_confirmed_is_not_undone_and_may_be_confirmed_again(host: Host) -> None:
    host.arm(1)
    assert host.state == "armed"
    assert host.confirm().stdout == "confirmed\n"
    time.sleep(1.5)
    assert host.confirm().stdout == "confirmed\n"
    assert host.state == "confirmed"
    assert not (host.folder / "thawed").exists()


def test_a_guard_that_was_armed_anew_waits_the_whole_time_again(host: Host) -> None:
    host.arm(1)
    host.arm(60)
    time.sleep(1.5)
    assert host.state == "armed"
    assert not (host.folder / "thawed").exists()
    host.confirm()


def test_a_guard_that_was_never_armed_cannot_be_confirmed(host: Host) -> None:
    done = host.confirm()
    assert done.returncode == 1
    assert done.stderr == f"there is no guard {NAME} on this host: it was never armed\n"
    assert host.state == "absent"


@pytest.fixture(name="booted")
def a_host_with_systemd(tmp_path: Path) -> Host:
    """A host whose systemd is a stand-in that notes what it is told."""
    for program in ("systemd-run", "systemctl"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >> {tmp_path}/told\n')
        (tmp_path / program).chmod(0o755)
    return Host(tmp_path, systemd=True)


def test_where_systemd_is_there_it_waits_and_after_a_boot_too(booted: Host) -> None:
    booted.arm(30.2)
    said = (booted.folder / "told").read_text()
    assert f"systemd-run --quiet --unit=provisioner-undo-{NAME} --on-active=31s" in said
    assert "AccuracySec=100ms" in said
    unit = booted.folder / f"units/provisioner-guard-{NAME}.service"
    link = booted.folder / f"units/multi-user.target.wants/provisioner-guard-{NAME}.service"
    assert link.readlink() == unit
    assert booted.confirm().stdout == "confirmed\n"
    assert not unit.exists()
    assert not link.is_symlink()


@pytest.mark.parametrize("state", ["armed", "undoing", "confirmed"])
def test_after_a_boot_what_was_armed_or_half_undone_is_undone_when_its_time_is_over(booted: Host, state: str) -> None:
    booted.arm(1)
    unit = booted.folder / f"units/provisioner-guard-{NAME}.service"
    command = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    (armed,) = (booted.folder / "guards" / NAME).glob("armed.*")
    if state != "armed":
        armed.rename(armed.with_name(state))
    subprocess.run(["sh", "-c", command.removeprefix("ExecStart=")], check=True, timeout=20)
    assert booted.state == ("confirmed" if state == "confirmed" else "undone")
    assert (booted.folder / "thawed").exists() is (state != "confirmed")
    assert unit.exists() is (state == "confirmed"), "who confirms takes it away"


def test_an_answer_says_the_state_whichever_kind_of_host_gave_it() -> None:
    assert bare_guard.state_in({"state": "confirmed"}) == "confirmed"
    assert bare_guard.state_in({"stdout": "a banner\nundone\n"}) == "undone"
    assert bare_guard.state_in({"stdout": "sh: not found"}) == ""


def test_the_guard_of_a_bare_host_is_asked_by_scripts_alone() -> None:
    guard = GuardUse("g", "old", 0.0, STEPS, is_bare=True)
    steps = [*arm(guard, 30.0), *reach(guard), *commit(guard), *call_off(guard), *guard.status()]
    assert [("raw" if "raw" in step.task else step.task["meta"]) for step in steps] == [
        "raw", "reset_connection", "raw", "raw", "raw", "raw"
    ]  # fmt: skip
    assert steps[0].task["name"] == "guard of old: arm"
    assert steps[-2].task["failed_when"] is False


@pytest.mark.parametrize("text", ["it's $(touch x) `y`", "a\nb\n", "", "--x", "{{ given }}", "/srv/{{ given }}/'x'"])
def test_whatever_a_text_holds_it_is_one_word_of_the_script(text: str) -> None:
    task = script_task("say", "printf '%s|' \"$said\" " + word(text) + "\necho end", {"said": text})
    done = subprocess.run(["sh", "-c", as_shell(task, given="o'n; e")], capture_output=True, text=True, check=True)
    rendered = text.replace("{{ given }}", "o'n; e")
    assert done.stdout == f"{rendered}|{rendered}|end\n"
