"""The quick ones of ansible-core's own integration targets, behind our commands of Ansible's names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.compat.sides import PROJECT
from tests.compat.targets.expectations import ELSEWHERE, PASS, expectations
from tests.compat.targets.suite import open_suite

PATIENCE_S = 900


@pytest.mark.hosts
def test_the_quick_targets_are_as_expected(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.compat.targets",
        "--quick",
        "--lab",
        "quicktargets",
        "--logs",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_S, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "all as expected" in done.stdout


@pytest.mark.hosts
def test_the_list_names_every_target_that_can_be_run() -> None:
    known = expectations()
    assert {target.name for target in open_suite().runnable()} == set(known)
    assert sum(each.state == PASS for each in known.values()) > sum(each.state == ELSEWHERE for each in known.values())
