"""Mistakes that Ansible finds while loading, and those it finds only when a task runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Found
from provisioner.diagnostics.position import Position, Source
from provisioner.loading.playbook import load_play_text
from provisioner.loading.settings import LoadSettings
from provisioner.model.play import Playbook
from provisioner.model.task import Block, Task

HEAD = "- hosts: all\n  tasks:\n  - "


def loaded(text: str, *, defers: bool) -> tuple[Playbook, Findings]:
    return load_play_text(Source("site.yml", text), LoadSettings(defers_mistakes=defers))


def only_task(playbook: Playbook) -> Task:
    (task,) = playbook.plays[0].tasks
    assert isinstance(task, Task)
    return task


@pytest.mark.parametrize(
    "task",
    [
        "debug: msg=x\n    become: perhaps\n",
        "debug: msg=x\n    loop: 5\n",
        "debug: msg=x\n    timeout: soon\n",
        "action: nosuchmodule a=b\n",
    ],
)
def test_a_task_carries_the_mistakes_that_are_left_for_it_to_fail_with(task: str) -> None:
    strict, found = loaded(HEAD + task, defers=False)
    assert [each.found for each in found.errors] == [Found.RUNNING]
    lenient, left = loaded(HEAD + task, defers=True)
    assert left.errors == ()
    assert only_task(lenient).mistakes == tuple(found.errors) == only_task(strict).mistakes


@pytest.mark.parametrize(
    "task",
    ["nosuchmodule: {a: 1}\n", "debug: msg=x\n    loop_control: {foo: bar}\n", "debug: msg=x\n    vars: foo\n"],
)
def test_what_is_found_while_loading_is_told_either_way(task: str) -> None:
    for defers in (False, True):
        _, found = loaded(HEAD + task, defers=defers)
        assert [each.found for each in found.errors] == [Found.LOADING]


def test_parameters_of_a_module_are_left_for_the_run_but_those_of_an_include_are_not() -> None:
    assert loaded(HEAD + "ping: {foo: bar}\n", defers=True)[1].errors == ()
    assert loaded(HEAD + "include_role: {foo: bar}\n", defers=True)[1].errors


def test_a_wrong_value_on_a_block_is_told_as_no_task_could_fail_with_it() -> None:
    _, found = loaded(HEAD + "block: [{debug: {msg: x}}]\n    become: perhaps\n", defers=True)
    assert found.errors


def test_a_wrong_value_on_an_import_is_told_as_nothing_of_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "t.yml"
    path.write_text("- debug: msg=x\n")
    playbook, found = loaded(HEAD + f"import_tasks: {path}\n    become: perhaps\n", defers=True)
    assert [each.found for each in found.errors] == [Found.LOADING]
    assert isinstance(playbook.plays[0].tasks[0], Block)


def test_a_handler_that_does_not_exist_and_a_missing_file_are_left_for_the_run() -> None:
    text = HEAD + "copy: {src: nosuch, dest: /x}\n    notify: nobody\n"
    assert len(loaded(text, defers=False)[1].errors) == 2
    assert loaded(text, defers=True)[1].all == ()


def test_findings_can_be_had_without_those_of_a_kind() -> None:
    findings = Findings()
    findings.error("a")
    findings.add(Diagnostic("b", found=Found.RUNNING))
    assert [each.summary for each in findings.without(Found.RUNNING).all] == ["a"]


def test_a_finding_is_laid_out_as_ansible_does_where_its_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("one\ntwo\n")
    position = Position(Source(str(path), "one\ntwo\n"), 2, 2)
    said = Diagnostic("what", position, "why", "way out", known_as="as known").said()
    assert said == (
        f"as known\n\nThe error appears to be in '{path}': line 2, column 2, but may\n"
        "be elsewhere in the file depending on the exact syntax problem.\n\n"
        "The offending line appears to be:\n\none\ntwo\n ^ here\n"
    )
    assert Diagnostic("what", Position(Source("command line", "x"), 1, 1), "why").said() == "what\nwhy"


def test_an_unknown_parameter_that_may_be_omitted_is_a_warning() -> None:
    for value, is_error in (("{{ x | d(omit) }}", False), ("of {{ x }}", True), ("1", True)):
        text = f"- hosts: h\n  tasks: [{{copy: {{dest: /a, content: b, sortof: '{value}'}}}}]\n"
        _playbook, found = load_play_text(Source("site.yml", text), LoadSettings())
        assert bool(found.errors) is is_error
        assert "unknown parameter 'sortof'" in found.all[0].summary


def test_a_parameter_that_another_module_takes_for_ours_is_no_mistake(mistakes: Callable[..., list[str]]) -> None:
    play = "- hosts: h\n  tasks: [{docker_container: {name: a, image: b, %s: x}}]\n"
    assert mistakes(play % "platform") == []
    assert "unknown parameter 'plattform'" in mistakes(play % "plattform")[0]


def test_a_name_longer_than_a_file_can_have_is_a_file_that_is_not_there(mistakes: Callable[..., list[str]]) -> None:
    long = "x" * 5000
    found = mistakes(f"- hosts: all\n  roles: [{long}]\n  vars_files: [{long}]\n  tasks: [import_tasks: {long}]\n")
    assert found
    assert mistakes(f"- import_playbook: {long}\n")


@pytest.mark.parametrize("key", ["~", "1", "true", "1.5", "2024-01-01"])
@pytest.mark.parametrize("action", ["command", "copy", "a.b.unknown", "set_fact", "include_tasks", "meta"])
def test_a_parameter_whose_name_is_no_text_is_no_crash(
    mistakes: Callable[..., list[str]], action: str, key: str
) -> None:
    assert isinstance(mistakes(f"- hosts: all\n  tasks:\n  - {action}: {{{key}: x}}\n"), list)
