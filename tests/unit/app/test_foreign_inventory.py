"""Files that an installed Ansible reads; Ansible is a recorded stand-in here."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from provisioner.app.foreign_inventory import read_by_ansible
from provisioner.bridge import installation
from provisioner.bridge.installation import Installation
from provisioner.diagnostics.errors import InputError

THERE = Installation("/opt/ansible/bin/python", "/opt/ansible/lib/ansible", "2.18.0", frozenset(), ())


def recorded(monkeypatch: pytest.MonkeyPatch, code: int, out: str, err: str = "") -> list[Any]:
    calls: list[Any] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append((command, how["env"]["ANSIBLE_INVENTORY_ENABLED"]))
        return subprocess.CompletedProcess(command, code, out.encode(), err.encode())

    monkeypatch.setattr(installation, "find", lambda _environ, _cache: THERE)
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_ansible_reads_the_file_in_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = recorded(monkeypatch, 0, '{"all": {"hosts": ["a"]}}')
    assert read_by_ansible("/inv/aws.yml", {"HOME": "/root"}) == {"all": {"hosts": ["a"]}}
    command = ["/opt/ansible/bin/python", "-m", "ansible", "inventory", "-i", "/inv/aws.yml", "--list", "--export"]
    assert calls == [(command, "auto")]


@pytest.mark.parametrize(("code", "out"), [(1, ""), (0, "no json"), (0, "[]")])
def test_what_it_says_is_told_where_it_cannot(monkeypatch: pytest.MonkeyPatch, code: int, out: str) -> None:
    recorded(monkeypatch, code, out, "unknown plugin")
    with pytest.raises(InputError, match=r"Ansible cannot read /inv/aws\.yml either") as caught:
        read_by_ansible("/inv/aws.yml", {"HOME": "/root"})
    assert caught.value.diagnostics[0].detail == "unknown plugin"


def test_without_ansible_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find", lambda _environ, _cache: None)
    assert read_by_ansible("/inv/aws.yml", {"HOME": "/root"}) is None
