"""Secrets that a run comes by itself: what a name says, and what lookups make."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.run import run_playbooks
from provisioner.model.options import AT_RUN, RunOptions
from tests.support.fakes import EventRecorder

PLAY = """
- hosts: w1
  gather_facts: false
  vars: {app: {db: {password: nested-hunter2}}, api_token: named-hunter2, list: [{secret: listed-hunter2}]}
  tasks:
  - debug: {msg: "{{ api_token }}"}
  - debug: {msg: "{{ app.db.password }}"}
  - debug: {msg: "{{ app['db']['password'] }}"}
  - debug: {msg: "{{ item.secret }}"}
    loop: "{{ list }}"
  - set_fact: {fact_password: "{{ 'made-' ~ 'hunter2' }}"}
  - debug: {msg: "{{ lookup('password', 'kept length=30') }}"}
"""
NAMED = ("nested-hunter2", "named-hunter2", "listed-hunter2", "made-hunter2")


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, options: RunOptions) -> str:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(folder / "state"))
    Path("hosts").write_text("w1 ansible_connection=local\n")
    Path("site.yml").write_text(PLAY)
    heard = EventRecorder()
    assert run_playbooks(["site.yml"], options, Credentials(), [heard], lambda _text, _hidden: "") == 0
    journals = b"".join(path.read_bytes() for path in Path("state").rglob("journal.jsonl"))
    return repr(heard.events) + journals.decode()


def test_values_whose_name_says_secret_and_passwords_of_lookups_are_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = told(monkeypatch, tmp_path, RunOptions(inventories=("hosts",)))
    password = Path("kept").read_text().strip()
    assert len(password) == 30
    assert [each for each in (*NAMED, password) if each in shown] == []


def test_commands_with_ansibles_names_show_what_only_a_name_calls_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = told(monkeypatch, tmp_path, RunOptions(inventories=("hosts",), mistakes=AT_RUN))
    assert [each for each in NAMED if each not in shown] == []
    assert Path("kept").read_text().strip() not in shown
