"""Modules of collections that are not ours run on a host over SSH, as root and as somebody else, and as jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from provisioner.bridge.bridge import Bridge
from provisioner.bridge.installation import VARIABLE
from provisioner.catalog import short_name
from provisioner.lab.lab import Lab
from provisioner.model.target import Target
from provisioner.transport import outgoing
from tests.compat.bridge.asking import Both

HERE = Path(__file__).parent
PREFIX = "community.general."
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


def test_at_least_ten_of_them_are_not_ours_today() -> None:
    [play] = YAML(typ="safe").load((HERE / "collections.yml").read_text("utf-8"))
    written = {key for task in play["tasks"] for key in task if key.startswith(PREFIX)}
    foreign = {name for name in written if short_name("action", name) is None}
    assert len(foreign) >= 10, foreign


def test_the_second_call_in_a_session_sends_no_payload_again(
    lab: Lab, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    flush = outgoing.Frames._flush

    def counted(self: outgoing.Frames) -> None:
        sent.append(sum(map(len, self._parts)))
        flush(self)

    monkeypatch.setattr(outgoing.Frames, "_flush", counted)
    host = lab.host("h1")
    reach = {"address": host.address, "user": "root", "private_key": str(lab.key_path)}
    both = Both(bridge, their_host=Target(host.name, known_hosts=str(lab.known_hosts_path), **reach))
    try:
        figures = []
        for size in ("1K", "2K"):
            sent.clear()
            params = {"path": "/tmp/twice", "size": size}
            said = both.theirs("community.general.filesize", params, Path("/"), check=False, diff=False)
            assert said["changed"], said
            figures.append(sum(sent))
        params = {"path": "/tmp/twice", "state": "absent"}
        assert both.theirs("file", params, Path("/"), check=False, diff=False)["changed"]
    finally:
        both.sessions.close()
    assert figures[0] > 40_000
    assert figures[1] < figures[0] / 20


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
