"""Actions that need no host: debug, set_fact, fail, assert, includes, meta, add_host, group_by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution import executor
from provisioner.remote.params import BadParameters
from tests.support.theatre import Theatre


@pytest.fixture
def theatre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theatre:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(executor, "QUIET_S", 0.002)
    return Theatre(tmp_path, "h1\n")


def result(theatre: Theatre, task: str, files: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Run one task and return its result."""
    theatre.run(f"- hosts: all\n  gather_facts: false\n  tasks:\n  - name: it\n    {task}\n", files, **more)
    return theatre.result("it")


# ---------------------------------------------------------------------- debug


def test_debug_says_hello_where_it_is_told_nothing(theatre: Theatre) -> None:
    assert result(theatre, "debug:")["msg"] == "Hello world!"


def test_debug_prints_values_as_they_are(theatre: Theatre) -> None:
    assert result(theatre, "debug: {msg: '{{ v }}'}", extra_vars={"v": [1, {"a": None}]})["msg"] == [1, {"a": None}]
    assert result(theatre, "debug: {msg: '{{ v }}'}", extra_vars={"v": None})["msg"] is None


def test_debug_shows_a_variable_or_expression_under_its_own_text(theatre: Theatre) -> None:
    assert result(theatre, "debug: {var: v.x}", extra_vars={"v": {"x": [3]}})["v.x"] == [3]


def test_debug_shows_a_variable_as_a_template_of_it_becomes(theatre: Theatre) -> None:
    theatre.run(
        "- hosts: h1\n  gather_facts: false\n  vars: {n: 3, d: {x: 1}}\n  tasks:\n"
        "  - {name: a, debug: {var: n}}\n  - {name: b, debug: {var: d.x}}\n  - {name: c, debug: {var: d}}\n"
    )
    assert theatre.result("a")["n"] == 3
    assert theatre.result("b")["d.x"] == "1"
    assert theatre.result("c")["d"] == {"x": 1}


TOLD = (
    "- hosts: h1\n  gather_facts: false\n  vars: {mine: [v == 1, v > 0], v: 1}\n"
    "  tasks:\n  - {command: echo {}, register: r}\n"
)


def test_debug_never_takes_what_a_host_said_for_an_expression(theatre: Theatre) -> None:
    theatre.run(TOLD.replace("{}", "secrets") + "  - {name: a, debug: {var: \"lookup('{{ r.stdout }}', 'x')\"}}\n")
    assert theatre.result("a")["lookup('secrets', 'x')"] == "{{lookup('secrets', 'x')}}"


@pytest.mark.parametrize(
    "that", ["{{ r.stdout }}", "{{ r.stdout_lines }}", "{{ mine + r.stdout_lines }}", "v or {{ r.rc }}"]
)
def test_assert_never_takes_what_a_host_said_for_a_condition(theatre: Theatre, that: str) -> None:
    theatre.run(TOLD.replace("{}", "v") + f'  - {{name: a, assert: {{that: "{that}"}}}}\n')
    assert "Conditional is marked as unsafe" in theatre.result("a")["msg"]


@pytest.mark.parametrize("that", ["{{ mine }}", "{{ r.rc == 0 }}", "{{ [r.rc == 0, v == 1] }}", "{{ mine[0] }}"])
def test_assert_takes_conditions_that_a_template_of_what_is_written_becomes(theatre: Theatre, that: str) -> None:
    theatre.run(TOLD.replace("{}", "v") + f'  - {{name: a, assert: {{that: "{that}"}}}}\n')
    assert theatre.result("a")["msg"] == "All assertions passed"


def test_assert_takes_conditions_that_are_items_of_a_loop(theatre: Theatre) -> None:
    theatre.run(
        "- hosts: h1\n  gather_facts: false\n  tasks:\n"
        "  - {name: a, assert: {that: '{{ item }}'}, loop: [\"'x' == 'x'\", true]}\n"
    )
    assert theatre.on("h1") == ["a ok"]


def test_debug_says_when_a_variable_is_not_defined(theatre: Theatre) -> None:
    assert result(theatre, "debug: {var: nowhere}")["nowhere"] == "VARIABLE IS NOT DEFINED!"


def test_debug_is_quiet_below_its_verbosity(theatre: Theatre) -> None:
    assert result(theatre, "debug: {msg: x, verbosity: 2}")["skipped"] is True
    assert result(theatre, "debug: {msg: x, verbosity: 2}", verbosity=2)["msg"] == "x"


def test_debug_takes_message_or_variable_not_both(theatre: Theatre) -> None:
    with pytest.raises((InputError, BadParameters), match="mutually exclusive"):
        raise InputError.at(None, result(theatre, "debug: {msg: x, var: y}")["msg"])


# ---------------------------------------------------------------------- set_fact


def test_set_fact_keeps_types(theatre: Theatre) -> None:
    result(theatre, "set_fact: {n: '{{ v }}', l: [1, '{{ v.a }}']}", extra_vars={"v": {"a": 1}})
    assert theatre.context.memory("h1").variables["n"] == {"a": 1}


def test_set_fact_names_may_be_templates(theatre: Theatre) -> None:
    result(theatre, "set_fact: {'{{ v }}_name': 5}", extra_vars={"v": "a"})
    assert theatre.context.memory("h1").variables["a_name"] == 5


def test_the_registered_result_shows_what_was_set(theatre: Theatre) -> None:
    assert result(theatre, "set_fact: {a: 1}")["ansible_facts"] == {"a": 1}


@pytest.mark.parametrize(
    ("task", "word"), [("set_fact: {'a-b': 1}", "a-b"), ("set_fact: {cacheable: true}", "at least one")]
)
def test_set_fact_refuses_what_is_no_variable(theatre: Theatre, task: str, word: str) -> None:
    assert word in result(theatre, task)["msg"]


# ---------------------------------------------------------------------- fail, assert


def test_fail_has_a_message_of_its_own(theatre: Theatre) -> None:
    assert result(theatre, "fail:")["msg"] == "Failed as requested from task"
    assert result(theatre, "fail: {msg: 'no {{ v }}'}", extra_vars={"v": 1})["msg"] == "no 1"


def test_assert_holds_where_every_condition_does(theatre: Theatre) -> None:
    assert result(theatre, "assert: {that: [v > 1, v < 3]}", extra_vars={"v": 2})["msg"] == "All assertions passed"
    assert result(theatre, "assert: {that: v > 1, success_msg: fine}", extra_vars={"v": 2})["msg"] == "fine"


def test_assert_names_the_condition_that_does_not_hold(theatre: Theatre) -> None:
    found = result(theatre, "assert: {that: [v > 1, v > 5], fail_msg: too small}", extra_vars={"v": 2})
    assert (found["failed"], found["assertion"], found["evaluated_to"], found["msg"]) == (
        True,
        "v > 5",
        False,
        "too small",
    )


def test_assert_sees_the_variables_of_its_task_and_loop(theatre: Theatre) -> None:
    result(theatre, "assert: {that: item < w}\n    loop: [1, 2]\n    vars: {w: 3}")
    assert theatre.on("h1") == ["it ok"]


def test_an_undefined_variable_in_assert_is_a_failure_that_names_it(theatre: Theatre) -> None:
    assert "nowhere" in result(theatre, "assert: {that: nowhere == 1}")["msg"]


# ---------------------------------------------------------------------- include_vars


def test_include_vars_reads_a_file_of_the_vars_folder(theatre: Theatre) -> None:
    found = result(theatre, "include_vars: some.yml", {"vars/some.yml": "a: 1\n"})
    assert found["ansible_included_var_files"] == [str(theatre.folder / "vars/some.yml")]
    assert theatre.context.memory("h1").included == {"a": 1}


def test_include_vars_puts_values_under_a_name(theatre: Theatre) -> None:
    result(theatre, "include_vars: {file: some.json, name: box}", {"vars/some.json": '{"a": 1}'})
    assert theatre.context.memory("h1").included == {"box": {"a": 1}}


def test_include_vars_reads_a_folder_in_order_of_names(theatre: Theatre) -> None:
    files = {
        "vars/d/b.yml": "x: b\n",
        "vars/d/a.yml": "x: a\ny: 1\n",
        "vars/d/deep/c.yml": "x: c\n",
        "vars/d/skip.yml": "x: no\n",
    }
    result(theatre, "include_vars: {dir: d, depth: 1, ignore_files: [skip.yml]}", files)
    assert theatre.context.memory("h1").included == {"x": "b", "y": 1}


def test_a_file_that_does_not_exist_says_where_it_was_looked_for(theatre: Theatre) -> None:
    told = result(theatre, "include_vars: '{{ v }}.yml'", extra_vars={"v": "nothere"})["msg"]
    assert told.startswith("Could not find or access 'nothere.yml'")
    assert "vars/nothere.yml" in told


# ---------------------------------------------------------------------- meta, add_host, group_by


def test_meta_knows_its_words(theatre: Theatre) -> None:
    with pytest.raises(InputError, match="end_hsot"):
        raise InputError.at(None, result(theatre, "meta: end_hsot")["msg"])


def test_add_host_takes_names_with_ports_and_lists_of_groups(theatre: Theatre) -> None:
    found = result(theatre, "add_host: {hostname: '10.0.0.1:2222', groups: 'a,b', x: 1}")
    assert found["changed"] is True
    host = theatre.context.inventory.inventory.hosts["10.0.0.1"]
    assert dict(host.vars) == {"ansible_ssh_port": 2222, "x": 1}
    assert theatre.context.inventory.group_names("10.0.0.1") == ["a", "b"]


def test_add_host_changes_nothing_the_second_time(theatre: Theatre) -> None:
    theatre.run(
        "- hosts: all\n  gather_facts: false\n  tasks:\n  - {name: it, add_host: {name: n, groups: g}, loop: [1, 2]}\n"
    )
    assert [each["changed"] for each in theatre.result("it")["results"]] == [True, False]


def test_group_by_writes_dashes_for_spaces(theatre: Theatre) -> None:
    found = result(theatre, "group_by: {key: 'a b', parents: [p q]}")
    assert found["add_group"] == "a-b"
    assert theatre.context.inventory.groups["p-q"] == ["h1"]


def test_an_argument_nobody_knows_is_told_before_anything_runs(theatre: Theatre) -> None:
    with pytest.raises(InputError, match="mesg"):
        result(theatre, "fail: {mesg: x}")
