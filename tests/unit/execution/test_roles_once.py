"""A role with the same parameters runs once on a host; whether it ran is known only while running."""

from __future__ import annotations

import pytest

from tests.support.theatre import Theatre

ROLES = {
    "roles/a/tasks/main.yml": "- {name: a, command: ok}\n",
    "roles/b/meta/main.yml": "dependencies: [a]\n",
    "roles/b/tasks/main.yml": "- {name: b, command: ok}\n",
    "roles/c/meta/main.yml": "dependencies: [a]\n",
    "roles/c/tasks/main.yml": "- {name: c, command: ok}\n",
}


def play(text: str) -> str:
    return f"- hosts: all\n  gather_facts: false\n{text}"


def ran(theatre: Theatre, host: str = "h1") -> list[str]:
    return [
        line.split(" : ")[-1].split()[0] for line in theatre.on(host) if "include" not in line and "skip" not in line
    ]


@pytest.mark.parametrize(
    "text",
    [
        "  roles: [a, b, c]\n",
        "  roles: [b]\n  tasks:\n  - import_role: {name: c}\n",
        "  tasks:\n  - include_role: {name: b}\n  - include_role: {name: c}\n",
    ],
)
def test_what_several_roles_need_runs_once(theatre: Theatre, text: str) -> None:
    theatre.run(play(text), ROLES)
    assert ran(theatre) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("entries", "times"),
    [
        ("[a, a]", 1), ("[a, {role: a, x: 1}]", 2), ("[a, {role: a, vars: {x: 1}}]", 2), ("[a, {role: a, tags: t}]", 2),
        ("[a, {role: a, when: true}]", 2), ("[a, {role: a, become: false}]", 1),
    ],
)  # fmt: skip
def test_parameters_conditions_and_tags_make_another_use(theatre: Theatre, entries: str, times: int) -> None:
    theatre.run(play(f"  roles: {entries}\n"), ROLES)
    assert ran(theatre) == ["a"] * times


def test_an_import_or_include_runs_it_again(theatre: Theatre) -> None:
    theatre.run(play("  roles: [a]\n  tasks:\n  - import_role: {name: a}\n  - include_role: {name: a}\n"), ROLES)
    assert ran(theatre) == ["a", "a", "a"]


def test_a_role_that_was_skipped_runs_where_it_is_used_again(theatre: Theatre) -> None:
    roles = {**ROLES, "roles/set/tasks/main.yml": "- {name: s, set_fact: {known: 1}}\n"}
    entry = "{role: a, when: known is defined}"
    theatre.run(play(f"  roles: [{entry}, set, {entry}, {entry}]\n"), roles)
    assert ran(theatre) == ["s", "a"]


def test_each_host_has_its_own_record(theatre: Theatre) -> None:
    entry = "{role: a, when: inventory_hostname == 'h1' or again is defined}"
    roles = {**ROLES, "roles/set/tasks/main.yml": "- {name: s, set_fact: {again: 1}}\n"}
    theatre.run(play(f"  roles: [{entry}, set, {entry}]\n"), roles)
    assert (ran(theatre, "h1"), ran(theatre, "h2")) == (["a", "s"], ["s", "a"])


def test_a_use_that_may_repeat_counts_for_one_that_may_not(theatre: Theatre) -> None:
    tasks = "  - import_role: {name: a}\n  - include_role: {name: a, allow_duplicates: false}\n"
    theatre.run(play(f"  tasks:\n{tasks}"), ROLES)
    assert ran(theatre) == ["a"]


def test_variables_around_an_include_make_another_use(theatre: Theatre) -> None:
    tasks = "  - include_role: {name: a, allow_duplicates: false}\n    loop: [1, 2]\n"
    theatre.run(play(f"  tasks:\n{tasks}"), ROLES)
    assert ran(theatre) == ["a", "a"]
