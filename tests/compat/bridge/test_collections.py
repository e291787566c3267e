"""Modules of collections that are not ours run on a host over SSH, as root and as somebody else, and as jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.bridge.bridge import Bridge
from provisioner.bridge.installation import VARIABLE
from provisioner.lab.lab import Lab

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-c", "from provisioner.cli.main import entry; entry()", "run"]

# campaign: the distribution with the collections has to be there, which make test does not install
pytestmark = [pytest.mark.compat, pytest.mark.campaign]


@pytest.fixture
def environ(bridge: Bridge) -> dict[str, str]:
    there = bridge.installation
    assert there is not None
    if not any((Path(each) / "community/general").is_dir() for each in there.collections):
        pytest.fail(f"community.general is not installed beside {there.python}; name another in {VARIABLE}")
    return {**os.environ, VARIABLE: there.python, "PYTHONPATH": str(HERE.parents[2])}


def run(playbook: Path, lab: Lab, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, str(playbook), "-i", str(lab.inventory_path), "-l", "h1", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=110, check=False)


def test_ten_modules_of_a_collection_do_what_they_are_for(lab: Lab, environ: dict[str, str]) -> None:
    done = run(HERE / "collections.yml", lab, environ)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_run_as_another_user_and_as_a_job(lab: Lab, environ: dict[str, str], tmp_path: Path) -> None:
    playbook = tmp_path / "other.yml"
    playbook.write_text(
        """
- hosts: h1
  gather_facts: false
  become: true
  become_user: ops
  tasks:
    - community.general.filesize: {path: /tmp/by_ops, size: 1K}
    - stat: {path: /tmp/by_ops}
      register: made
    - community.general.filesize: {path: /tmp/by_ops, size: 2K}
      async: 30
      poll: 1
      register: grown
    - assert: {that: [made.stat.pw_name == 'ops', grown is changed, grown is finished]}
    - file: {path: /tmp/by_ops, state: absent}
"""
    )
    done = run(playbook, lab, environ)
    assert done.returncode == 0, done.stdout + done.stderr
    left = subprocess.run(
        [*lab.ssh_command(lab.host("h1")), "ls", "-d", "/tmp/provisioner-*"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert left.stdout == ""
