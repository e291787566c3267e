"""A guard without a way back, or with one that needs the controller, is a mistake with a place."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.position import Source
from provisioner.loading.playbook import load_play_text
from provisioner.loading.settings import LoadSettings
from provisioner.model.task import Block

BLOCK = """- hosts: all
  tasks:
    - name: risky
      guard: {confirm: 90s, checks: [{port: 22}]}
      revert:
        - command: undo it
      block:
        - command: do it
"""


def mistakes(text: str) -> list[str]:
    _, findings = load_play_text(Source("site.yml", text), LoadSettings())
    return [each.render().splitlines()[0] for each in findings.errors]


def test_a_guard_is_read_with_its_time_and_checks() -> None:
    playbook, findings = load_play_text(Source("site.yml", BLOCK), LoadSettings())
    assert list(findings.errors) == []
    (block,) = playbook.plays[0].tasks
    assert isinstance(block, Block)
    assert block.guard is not None
    assert block.guard.confirm_s == 90
    assert [check.kind for check in block.guard.checks] == ["port"]
    assert not block.guard.survives_reboot


def test_a_guard_survives_a_reboot_where_it_says_so() -> None:
    text = BLOCK.replace("confirm: 90s", "confirm: 90s, survive_reboot: true")
    playbook, findings = load_play_text(Source("site.yml", text), LoadSettings())
    assert list(findings.errors) == []
    (block,) = playbook.plays[0].tasks
    assert isinstance(block, Block)
    assert block.guard is not None
    assert block.guard.survives_reboot


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("      revert:\n        - command: undo it\n", "", "a guarded block must say how it is undone"),
        ("- command: undo it", "- template: {src: a, dest: /b}", "'template' needs the controller"),
        ("- command: undo it", "- copy: {src: a, dest: /b}", "'copy' needs the controller"),
        ("- command: undo it", "- command: undo it\n          loop: [1]", "cannot have a loop or a condition"),
        ("- command: undo it", "- block: [{command: undo it}]", "a guard undoes by single tasks"),
        ("{confirm: 90s, checks: [{port: 22}]}", "90s", "'guard' must be a mapping"),
        ("confirm: 90s", "confirm: soon", "'soon' is not a duration"),
        ("confirm: 90s", "confirmed: 90s", "unknown key 'confirmed'"),
        ("confirm: 90s", "confirm: 90s, survive_reboot: perhaps", "'survive_reboot'"),
    ],
)
def test_a_guard_that_could_not_work_is_refused(before: str, after: str, told: str) -> None:
    found = mistakes(BLOCK.replace(before, after))
    assert any(told in text for text in found), found


def test_copying_a_backup_that_lies_on_the_host_is_a_way_back() -> None:
    assert mistakes(BLOCK.replace("- command: undo it", "- copy: {src: /a.bak, dest: /a, remote_src: true}")) == []


def test_a_role_is_not_taken_for_guarded() -> None:
    text = "- hosts: all\n  roles:\n    - {role: web, guard: {confirm: 60s}}\n"
    assert any("a role cannot be guarded" in each for each in mistakes(text))
