"""ansible: one module on some hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.compat.conftest import Started


def test_a_result_is_a_block_of_json(start: Started) -> None:
    said = start("ansible", "h1", "-i", "hosts", "-m", "debug", "-a", "msg=hi")
    assert (said.code, said.out) == (0, 'h1 | SUCCESS => {\n    "msg": "hi"\n}\n')


def test_one_line_is_one_line(start: Started) -> None:
    said = start("ansible", "h1", "-i", "hosts", "-m", "fail", "-a", "msg=no", "-o")
    assert (said.code, said.out) == (2, 'h1 | FAILED! => {"changed": false,"msg": "no"}\n')


def test_parameters_can_be_json(start: Started) -> None:
    said = start("ansible", "h1", "-i", "hosts", "-m", "debug", "-a", '{"msg": {"a": [1]}}', "-o")
    assert said.out == 'h1 | SUCCESS => {"msg": {"a": [1]}}\n'


def test_a_module_that_exists_nowhere_fails_on_the_host(start: Started) -> None:
    said = start("ansible", "h1", "-i", "hosts", "-m", "nosuchmodule")
    assert said.code == 2
    assert '"msg": "The module nosuchmodule was not found in configured module paths"' in said.out


def test_a_command_without_its_text_is_refused_with_5(start: Started) -> None:
    said = start("ansible", "h1", "-i", "hosts")
    assert (said.code, said.err) == (5, "ERROR! No argument passed to command module\n")


def test_hosts_are_listed_without_a_module(start: Started) -> None:
    said = start("ansible", "all", "-i", "hosts", "--list-hosts")
    assert (said.code, said.out) == (0, "  hosts (1):\n    h1\n")


def test_a_pattern_without_hosts_is_only_worth_a_warning(start: Started) -> None:
    said = start("ansible", "nosuch", "-i", "hosts", "-m", "ping")
    assert (said.code, said.out) == (0, "")
    assert "No hosts matched, nothing to do" in said.err


def test_the_folder_of_playbooks_can_be_given_and_configured(
    place: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("h1", "-i", "hosts", "-m", "debug", "-a", "var=playbook_dir", "-o")
    assert f'"playbook_dir": "{place}/x"' in start("ansible", *words, "--playbook-dir", "x").out
    monkeypatch.setenv("ANSIBLE_PLAYBOOK_DIR", "/doesnotexist/tmp")
    assert '"playbook_dir": "/doesnotexist/tmp"' in start("ansible", *words).out


def test_a_tree_holds_a_file_for_each_host(place: Path, start: Started) -> None:
    start("ansible", "h1", "-i", "hosts", "-m", "debug", "-a", "msg=hi", "-t", "tree")
    assert (place / "tree" / "h1").read_text() == '{"msg": "hi"}\n'
