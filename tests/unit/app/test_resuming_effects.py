"""Resuming: what items of a loop brought the run itself is there again, though their loop failed at another item."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.resume import Resuming, resume
from provisioner.app.run import run_playbooks
from provisioner.model.options import RunOptions

PLAYBOOK = """
- hosts: w1
  gather_facts: false
  tasks:
  - set_fact: {seen: "{{ seen | default([]) + [item] }}"}
    loop: [1, 2]
    failed_when: item == 2 and 'THERE' is not exists
  - group_by: {key: "g{{ item }}"}
    loop: [1, 2]
    failed_when: item == 2 and 'LATER' is not exists
  - assert: {that: "seen == [1, 2] and 'g1' in groups"}
"""


def nothing_asked(_text: str, _hidden: bool) -> str:
    return ""


def test_facts_and_groups_of_items_that_were_done_are_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("w1 ansible_connection=local\n")
    there, later = tmp_path / "there", tmp_path / "later"
    Path("site.yml").write_text(PLAYBOOK.replace("THERE", str(there)).replace("LATER", str(later)))
    options = RunOptions(inventories=("hosts",))
    codes = [run_playbooks(["site.yml"], options, Credentials(), [], nothing_asked)]
    for path in (there, later):
        path.touch()
        codes.append(resume("last", Resuming(), Credentials(), [], nothing_asked))
    assert codes == [2, 2, 0]


RESCUED = """
- hosts: w1:w2
  gather_facts: false
  tasks:
  - block:
    - command: test {{ inventory_hostname }} = w2
      any_errors_fatal: true
    rescue:
    - command: touch rescued-{{ inventory_hostname }}
  - fail:
    when: "'THERE' is not exists"
- hosts: w1:w2
  gather_facts: false
  tasks:
  - command: touch later-{{ inventory_hostname }}
"""


def test_a_failure_of_one_that_was_that_of_all_is_so_when_it_is_recalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("w[1:2] ansible_connection=local\n")
    there = tmp_path / "there"
    Path("site.yml").write_text(RESCUED.replace("THERE", str(there)))
    assert run_playbooks(["site.yml"], RunOptions(inventories=("hosts",)), Credentials(), [], nothing_asked) == 2
    there.touch()
    assert resume("last", Resuming(), Credentials(), [], nothing_asked) == 2
    assert sorted(path.name for path in tmp_path.glob("*-w?")) == ["later-w1", "rescued-w1", "rescued-w2"]
