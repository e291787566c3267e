"""A folder to work in, and a way to start one of Ansible's commands in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioner.compat.main import main


class Said(NamedTuple):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


Started = Callable[..., Said]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with an inventory of one host that is this machine, and no configuration but its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "ansible.cfg"))
    monkeypatch.setenv("ANSIBLE_NOCOLOR", "1")
    for name in ("ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_STDOUT_CALLBACK", "ANSIBLE_FORCE_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    return tmp_path


@pytest.fixture
def start(place: Path, capsys: pytest.CaptureFixture[str]) -> Started:
    """Start ``program`` with words; a program without an inventory option gets the one of the folder."""

    def started(program: str, *words: str, tasks: str = "") -> Said:
        if tasks:
            (place / "site.yml").write_text(f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}")
            words = ("-i", "hosts", "site.yml", *words)
        try:
            code = main(program, words)
        except SystemExit as ended:
            code = int(str(ended.code))
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return started
