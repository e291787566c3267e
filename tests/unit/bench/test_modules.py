"""The table of modules: which targets call what is read from their files, times are only of tasks without work."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.modules import table
from bench.modules.coverage import Coverage, called, covered
from bench.modules.noops import read_noops
from bench.modules.ours import Found
from bench.modules.theirs import Left
from provisioner.catalog import names
from provisioner.cli.main import main
from tests.compat.targets.expectations import DIFFERS, PASS, Expectation
from tests.compat.targets.suite import Target

TASKS = """
- block:
    - name: one
      ansible.builtin.copy: {dest: /x, content: !unsafe "{{ y }}"}
  always:
    - action: file path=/x state=absent
- local_action: {module: stat, path: /x}
- vars: {user: nobody}
  debug: {msg: user}
"""
MODULES = frozenset({"copy", "file", "stat", "user", "ping", "service"})


def test_what_a_target_calls_is_read_from_tasks_blocks_actions_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").write_text(TASKS)
    (tmp_path / "broken.yml").write_text("a: [")
    (tmp_path / "runme.sh").write_text("ansible all -m ping\nansible all --module-name=service -a name=x\n")
    assert called(tmp_path, MODULES) == frozenset({"copy", "file", "stat", "ping", "service"})


def test_a_target_counts_as_it_ran_and_before_a_run_as_the_list_says(tmp_path: Path) -> None:
    targets = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.yml").write_text("- ping:\n")
        targets.append(Target(name, tmp_path / name, frozenset()))
    known = {"one": Expectation("one", PASS, False, ""), "two": Expectation("two", DIFFERS, False, "why")}
    assert covered(targets, known, {}, MODULES) == {"ping": Coverage(("one",), ("two",), ())}
    assert covered(targets, known, {"two": True}, MODULES) == {"ping": Coverage(("one", "two"), (), ())}


@pytest.mark.parametrize(("ended", "theirs", "cells"), [
    (["ok", "ok"], Left(0.5, "ok", ("a",)), ["1.00", "500", "500"]),
    (["ok", "changed"], Left(0.5, "ok", ("a",)), ["?", "500", ""]),
    (["ok", "ok"], Left(0.5, "changed", ("a",)), ["1.00", "?", ""]),
    (["ok", "ok"], None, ["1.00", "-", ""]),
])  # fmt: skip
def test_a_time_counts_only_where_there_was_nothing_to_do(
    ended: list[str], theirs: Left | None, cells: list[str]
) -> None:
    row = table.Row("m", table.NATIVE, Coverage(("a", "b"), ("c",), ("d",)), Found([0.002, 0.001], ended), theirs)
    text = table.markdown([row], {"machine": "this"}, {"rounds": 2, "repeats": 3})
    line = next(line for line in text.splitlines() if line.startswith("| `m`"))
    assert [cell.strip() for cell in line.strip("|").split("|")] == ["`m`", "native", "2 of 3", *cells]
    assert "- `c`: m" in text


def test_the_measured_tasks_are_sound_and_name_what_they_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noops = read_noops()
    assert main(["run", "--syntax-check", "-i", "h1,", str(noops.preparation(tmp_path))]) == 0
    assert capsys.readouterr().err == ""
    for name in noops.tasks:
        module, _ = noops.asked(name)
        assert module.rpartition(".")[2] == name
    measured = set(noops.tasks) & (names("module") | names("action"))
    assert len(measured) > 90
