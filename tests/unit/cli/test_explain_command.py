"""The explain command: where a variable comes from, and what counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.main import main

INVENTORY = """\
[web]
h1 port=80
h2
[web:vars]
port=81
"""
PLAYBOOK = """\
- name: Site
  hosts: web
  gather_facts: false
  vars:
    url: "http://x:{{ port }}"
    broken: "{{ nothing_there }}"
  roles: [front]
  tasks:
    - name: Later
      set_fact: {port: 99}
"""
TASKS = """\
- name: In the role
  debug: {var: port}
  vars: {port: 7}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    files = {
        "hosts": INVENTORY,
        "site.yml": PLAYBOOK,
        "group_vars/all.yml": "port: 90\n",
        "roles/front/tasks/main.yml": TASKS,
        "roles/front/defaults/main.yml": "port: 95\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_place_of_the_inventory_is_named_and_the_one_that_counts_is_marked(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "port", "-h", "h1", "-i", "hosts"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["in the inventory of h1", "port on h1 is 80"]
    assert lines[2].split() == ["*", "8", "inventory", "host", "vars", "hosts:2:1:", "80"]
    assert any("group_vars/all.yml:1:1: 90" in line and "*" not in line for line in lines)
    assert any("hosts:5:1: 81" in line for line in lines)


def test_a_play_shows_its_tasks_and_what_is_set_later(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "port", "-h", "h2", "-i", "hosts", "-p", "site.yml"]) == 0
    told = capsys.readouterr().out
    play, task = told.split("\n\n")
    assert play.startswith("in play 'Site' (site.yml:1:3)\nport on h2 is 90\n")
    assert "roles/front/defaults/main.yml:1:1: 95" in play
    assert "set_fact at site.yml:9:7 sets it to 99 once it has run" in play
    assert task.startswith("in task 'front : In the role' (roles/front/tasks/main.yml:1:3)\nport on h2 is 7\n")
    assert "* 17 task vars" in task


def test_extra_variables_win_and_values_are_rendered(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "url", "-h", "h1", "-i", "hosts", "-p", "site.yml", "-e", "port=5", "--json"]) == 0
    (part,) = json.loads(capsys.readouterr().out)
    assert part["value"] == '"http://x:5"'
    assert [(s["level"], s["place"], s["counts"]) for s in part["sources"]] == [(12, "site.yml:5:5", True)]


def test_what_cannot_be_rendered_says_why(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "broken", "-h", "h1", "-i", "hosts", "-p", "site.yml"]) == 0
    assert "broken on h1 is not known: site.yml:6:13: error: 'nothing_there' is undefined" in capsys.readouterr().out


def test_a_host_or_variable_that_is_not_there_is_an_error_with_the_nearest_name(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "port", "-h", "h3", "-i", "hosts"]) != 0
    assert "the inventory has no host 'h3'" in capsys.readouterr().err
    assert main(["explain", "prt", "-h", "h1", "-i", "hosts"]) != 0
    told = capsys.readouterr().err
    assert "nothing sets 'prt' on h1" in told
    assert "did you mean 'port'" in told
