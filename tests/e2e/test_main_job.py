"""The main job on real hosts, as ``make demo`` runs it: built, failed and taken back, then moved; nothing is lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab

TOP = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.hosts, pytest.mark.e2e]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the reports of a job that has a lab of its own."""
    yield tmp_path_factory.mktemp("job")
    Lab("job").down()


def run(out: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "bench/demo.py", "--lab", "job", "--out", str(out), *options]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=400, check=False)
    return done.returncode, done.stdout + done.stderr


def recaps(output: str, host: str) -> list[str]:
    return re.findall(rf"^{host} +: (.*?) *$", output, re.MULTILINE)


@pytest.mark.timeout(600)
def test_a_move_that_fails_is_taken_back_and_the_next_one_succeeds_there_and_back_again(job: Path) -> None:
    a_failing_move_ends_on_the_old_server_with_every_write_kept(job)
    the_next_one_moves_goes_back_and_moves_again(job)


def a_failing_move_ends_on_the_old_server_with_every_write_kept(job: Path) -> None:
    code, output = run(job, "--fresh", "--small", "--break")
    assert code == 0, output[-4000:]
    built, again = recaps(output, "old")[:2]
    assert "changed=0 " not in built
    assert "changed=0 " in again, "the second run of site.yml has nothing to do"
    assert "changed=0 " in recaps(output, "lb")[1]
    assert "the site is served by: old" in output
    load = json.loads((job / "load.json").read_text())
    assert load["reads"]["failed"] == load["writes"]["failed"] == 0
    assert load["writes"]["ok"] > 50


def the_next_one_moves_goes_back_and_moves_again(job: Path) -> None:
    code, output = run(job, "--small")
    assert code == 0, output[-4000:]
    assert "the site is served by: new" in output
    load = json.loads((job / "load.json").read_text())
    assert load["reads"]["failed"] == load["writes"]["failed"] == 0
    assert {"old", "new"} <= load["reads"]["served_by"].keys(), "visitors were served before and after the switch"
    assert {"old", "new"} <= load["writes"]["served_by"].keys()
    runbook = (job / "runbook.html").read_text()
    assert "gone back: to show it" in runbook
    assert "data check" in runbook
    state = {**os.environ, "PROVISIONER_STATE_DIR": str(job / "state")}
    vault = ["--vault-password-file", "inventories/demo/vault-password.txt"]
    words = [str(Path(sys.executable).with_name("provisioner")), "migrate", "finalize", "site", *vault]
    done = subprocess.run(words, cwd=TOP, env=state, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, "the point of no return is not passed by accident"
    assert "observation is shut" in done.stdout
