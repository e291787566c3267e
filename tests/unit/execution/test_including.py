"""include_tasks and include_role: what is shared between hosts, what is inherited, and how failures leave them."""

from __future__ import annotations

from provisioner.model import event
from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}"


def test_an_include_runs_where_it_stands_on_every_host(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n  - {name: after, command: ok}\n"),
        {"t.yml": "- {name: a, command: ok}\n- {name: b, command: ok}\n"},
    )
    assert [line for line in theatre.told if "include" not in line] == [
        f"{host} {name} changed" for name in ("a", "b", "after") for host in ("h1", "h2")
    ]


def test_hosts_may_include_different_files(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: '{{ inventory_hostname }}.yml'\n  - {name: after, command: ok}\n"),
        {"h1.yml": "- {name: a1, command: ok}\n", "h2.yml": "- {name: a2, command: ok}\n"},
    )
    assert theatre.on("h1")[1:] == ["a1 changed", "after changed"]
    assert theatre.on("h2")[1:] == ["a2 changed", "after changed"]


def test_a_loop_includes_once_for_each_item_in_order(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n    loop: [x, y]\n  - debug: {msg: end}\n"),
        {"t.yml": "- debug: {msg: '{{ item }}'}\n"},
    )
    assert theatre.said("h1") == ["x", "y", "end"]
    assert theatre.said("h2") == ["x", "y", "end"]


def test_loops_of_different_length_do_not_mix_hosts_up(theatre: Theatre) -> None:
    theatre.inventory = "h1 n=1\nh2 n=3\n"
    theatre.run(
        play("  - include_tasks: t.yml\n    loop: '{{ range(n) }}'\n  - debug: {msg: end}\n"),
        {"t.yml": "- debug: {msg: '{{ inventory_hostname }}{{ item }}'}\n"},
    )
    assert theatre.said("h1") == ["h10", "end"]
    assert theatre.said("h2") == ["h20", "h21", "h22", "end"]


def test_a_loop_variable_of_another_name_reaches_nested_includes(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n    loop: [x, y]\n    loop_control: {loop_var: outer}\n"),
        {
            "t.yml": "- include_tasks: u.yml\n  loop: [1, 2]\n",
            "u.yml": "- debug: {msg: '{{ outer }}{{ item }}'}\n",
        },
    )
    assert theatre.said() == ["x1", "x2", "y1", "y2"]


def test_a_condition_on_an_include_is_decided_once_and_not_inherited(theatre: Theatre) -> None:
    theatre.run(
        play("  - set_fact: {go: true}\n  - include_tasks: t.yml\n    when: go\n"),
        {"t.yml": "- set_fact: {go: false}\n- {name: b, debug: {msg: still}}\n"},
    )
    assert theatre.said() == ["still"]


def test_a_condition_on_an_import_counts_for_each_task(theatre: Theatre) -> None:
    theatre.run(
        play("  - set_fact: {go: true}\n  - import_tasks: t.yml\n    when: go\n"),
        {"t.yml": "- set_fact: {go: false}\n- {name: b, debug: {msg: still}}\n"},
    )
    assert theatre.said() == []
    assert theatre.on("h1")[-1] == "b skipped"


def test_a_skipped_include_brings_nothing(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n    when: inventory_hostname == 'h2'\n  - {name: z, command: ok}\n"),
        {"t.yml": "- {name: a, command: ok}\n"},
    )
    assert theatre.on("h1") == ["include_tasks skipped", "z changed"]
    assert theatre.on("h2") == ["include_tasks ok", "a changed", "z changed"]


def test_keywords_of_an_include_itself_are_not_inherited_but_apply_is(theatre: Theatre) -> None:
    files = {"t.yml": "- {name: a, command: ok}\n"}
    theatre.run(play("  - include_tasks: {file: t.yml, apply: {become: true, become_user: bob}}\n"), files)
    assert {w.become.user for w in theatre.sessions.workers.values() if w.become} == {"bob"}


def test_tags_of_an_include_choose_the_include_and_apply_those_of_its_tasks(theatre: Theatre) -> None:
    files = {"t.yml": "- {name: a, command: ok}\n- {name: b, command: ok, tags: x}\n"}
    theatre.run(play("  - include_tasks: t.yml\n    tags: x\n"), files, tags=("x",))
    assert theatre.on("h1") == ["include_tasks ok", "b changed"]
    theatre.recorder.events.clear()
    theatre.run(play("  - include_tasks: {file: t.yml, apply: {tags: x}}\n    tags: x\n"), files, tags=("x",))
    assert theatre.on("h1") == ["include_tasks ok", "a changed", "b changed"]


def test_a_failure_inside_an_include_is_rescued_by_the_block_around_it(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - block:\n    - include_tasks: t.yml\n    - {name: b, command: ok}\n"
            "    rescue:\n    - {name: r, command: ok}\n    always:\n    - include_tasks: z.yml\n"
        ),
        {"t.yml": "- {name: a, command: fail@h1}\n- {name: a2, command: ok}\n", "z.yml": "- {name: z, command: ok}\n"},
    )
    assert theatre.on("h1") == ["include_tasks ok", "a failed", "r changed", "include_tasks ok", "z changed"]
    assert theatre.on("h2") == [
        "include_tasks ok", "a changed", "a2 changed", "b changed", "include_tasks ok", "z changed",
    ]  # fmt: skip


def test_a_block_inside_an_include_rescues_its_own(theatre: Theatre) -> None:
    text = "- block:\n  - {name: a, command: fail}\n  rescue:\n  - {name: r, command: ok}\n- {name: b, command: ok}\n"
    theatre.run(play("  - include_tasks: t.yml\n  - {name: after, command: ok}\n"), {"t.yml": text})
    assert theatre.on("h1")[1:] == ["a failed", "r changed", "b changed", "after changed"]


def test_a_missing_file_fails_the_include_and_can_be_rescued(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - block:\n    - {name: inc, include_tasks: '{{ name_of }}.yml'}\n    rescue:\n"
            "    - debug: {msg: '{{ ansible_failed_task.name }}'}\n"
        ),
        extra_vars={"name_of": "nothere"},
    )
    assert theatre.on("h1")[0] == "inc failed"
    assert "nothere.yml" in theatre.result("inc")["reason"]
    assert theatre.said() == ["inc"]


def test_a_host_rescued_from_a_missing_file_takes_no_part_in_later_plays(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - block:\n    - {name: inc, include_tasks: '{{ name_of }}.yml'}\n    rescue:\n"
            "    - {name: r, command: ok}\n"
        )
        + "- hosts: all\n  gather_facts: false\n  tasks:\n  - {name: next, command: ok}\n",
        extra_vars={"name_of": "nothere"},
    )
    assert theatre.on("h1") == ["inc failed", "r changed"]
    assert not next(e for e in theatre.recorder.of(event.OperationFinished)).effects.get("rescued")


def test_a_missing_file_fails_its_hosts_only(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: inc, include_tasks: '{{ inventory_hostname }}.yml'}\n  - {name: after, command: ok}\n"),
        {"h2.yml": "- {name: a, command: ok}\n"},
    )
    assert theatre.on("h1") == ["inc failed"]
    assert theatre.on("h2") == ["inc ok", "a changed", "after changed"]


def test_a_mistake_in_an_included_file_is_told_with_its_place(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: inc, include_tasks: '{{ x }}.yml'}\n"),
        {"t.yml": "- {name: a, comand: ok}\n"},
        extra_vars={"x": "t"},
    )
    assert theatre.on("h1") == ["inc failed"]
    told = theatre.result("inc")
    assert "t.yml': line 1, column" in told["reason"]
    assert "t.yml:1" in told["_ansible_diagnosis"]


def test_an_included_file_may_be_empty(theatre: Theatre) -> None:
    theatre.run(play("  - include_tasks: t.yml\n  - {name: z, command: ok}\n"), {"t.yml": "---\n"})
    assert theatre.on("h1") == ["include_tasks ok", "z changed"]


def test_a_file_that_includes_itself_ends_with_its_condition(theatre: Theatre) -> None:
    text = "- debug: {msg: '{{ n }}'}\n- include_tasks: t.yml\n  vars: {n: '{{ n | int - 1 }}'}\n  when: n | int > 1\n"
    theatre.run(play("  - include_tasks: t.yml\n    vars: {n: 1}\n"), {"t.yml": text})
    assert [str(s) for s in theatre.said()] == ["1"]


def test_variables_of_nested_includes_are_rendered_where_they_are_written(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n    vars: {n: one}\n"),
        {
            "t.yml": "- include_tasks: u.yml\n  vars: {m: '{{ n }}-two'}\n",
            "u.yml": "- debug: {msg: '{{ m }} {{ n }}'}\n",
        },
    )
    assert theatre.said() == ["one-two one"]


def test_facts_set_inside_an_include_are_seen_behind_it(theatre: Theatre) -> None:
    theatre.run(play("  - include_tasks: t.yml\n  - debug: {msg: '{{ x }}'}\n"), {"t.yml": "- set_fact: {x: 5}\n"})
    assert theatre.said() == [5]


def test_run_once_on_an_include_runs_its_tasks_on_one_host(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n    run_once: true\n  - {name: z, command: ok}\n"),
        {"t.yml": "- {name: a, command: ok}\n"},
    )
    assert [line for line in theatre.told if " a " in line] == ["h1 a changed"]
    assert theatre.on("h2") == ["z changed"]


def test_under_free_a_host_goes_through_its_include_alone(theatre: Theatre) -> None:
    theatre.run(
        play("  - include_tasks: t.yml\n  - {name: z, command: ok}\n", "  strategy: free\n"),
        {"t.yml": "- {name: a, command: fail@h1}\n"},
    )
    assert theatre.on("h1") == ["include_tasks ok", "a failed"]
    assert theatre.on("h2") == ["include_tasks ok", "a changed", "z changed"]


# ---------------------------------------------------------------------- roles

ROLE = {
    "roles/r/tasks/main.yml": "- {name: a, command: ok, notify: h}\n",
    "roles/r/tasks/other.yml": "- {name: o, command: ok}\n",
    "roles/r/handlers/main.yml": "- {name: h, debug: {msg: '{{ role_name }} {{ d }}'}}\n",
    "roles/r/defaults/main.yml": "d: default\n",
}


def test_an_included_role_brings_its_handlers_and_variables(theatre: Theatre) -> None:
    theatre.run(play("  - include_role: {name: r}\n"), ROLE)
    assert theatre.on("h1") == ["include_role : r ok", "r : a changed", "r : h ok"]
    assert theatre.said() == ["r default"]


def test_handlers_of_an_included_role_can_be_notified_afterwards_by_the_play(theatre: Theatre) -> None:
    theatre.run(play("  - include_role: {name: r, tasks_from: other}\n  - {name: b, command: ok, notify: h}\n"), ROLE)
    assert theatre.on("h1")[-1] == "r : h ok"


def test_an_included_role_runs_again_each_time(theatre: Theatre) -> None:
    theatre.run(play("  - include_role: {name: r, tasks_from: other}\n    loop: [1, 2]\n"), ROLE)
    assert [x for x in theatre.on("h1") if "o changed" in x] == ["r : o changed"] * 2


def test_a_role_included_for_each_item_sees_the_item(theatre: Theatre) -> None:
    files = {"roles/r/tasks/main.yml": "- debug: {msg: '{{ item }} {{ p }}'}\n"}
    theatre.run(play("  - include_role: {name: r}\n    loop: [1, 2]\n    vars: {p: 'x{{ item }}'}\n"), files)
    assert theatre.said() == ["1 x1", "2 x2"]


def test_keywords_applied_to_an_included_role_reach_its_tasks(theatre: Theatre) -> None:
    files = {"roles/r/tasks/main.yml": "- {name: a, command: fail}\n- {name: b, command: ok}\n"}
    theatre.run(play("  - include_role: {name: r, apply: {ignore_errors: true}}\n"), files)
    assert theatre.on("h1")[1:] == ["r : a ignored", "r : b changed"]


def test_a_role_that_does_not_exist_fails_the_include(theatre: Theatre) -> None:
    theatre.run(play("  - include_role: {name: '{{ x }}'}\n"), extra_vars={"x": "nothere"})
    assert theatre.on("h1") == ["include_role : {{ x }} failed"]
    assert "nothere" in theatre.result("include_role : {{ x }}")["reason"]


def test_dependencies_of_an_included_role_run_first(theatre: Theatre) -> None:
    files = {
        **ROLE,
        "roles/top/meta/main.yml": "dependencies: [r]\n",
        "roles/top/tasks/main.yml": "- {name: t, command: ok}\n",
    }
    theatre.run(play("  - include_role: {name: top}\n"), files)
    assert theatre.on("h1") == ["include_role : top ok", "r : a changed", "top : t changed", "r : h ok"]


def test_import_role_with_tasks_from_runs_that_file(theatre: Theatre) -> None:
    theatre.run(play("  - import_role: {name: r, tasks_from: other}\n"), ROLE)
    assert theatre.on("h1") == ["r : o changed"]


def test_an_include_in_always_runs_for_a_host_that_failed(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: fail@h1}\n    always:\n"
        "    - include_tasks: z.yml\n  - {name: after, command: ok}\n"
    )
    theatre.run(
        play(tasks),
        {"z.yml": "- {name: z1, command: ok}\n- include_tasks: zz.yml\n", "zz.yml": "- {name: z2, command: ok}\n"},
    )
    assert [x for x in theatre.on("h1") if "include" not in x] == ["a failed", "z1 changed", "z2 changed"]
    assert theatre.on("h2")[-1] == "after changed"


def test_a_forced_handler_of_a_failed_host_may_include_tasks(theatre: Theatre) -> None:
    text = (
        play("  - {name: a, command: ok, notify: h}\n  - {name: b, command: fail}\n")
        + "  handlers:\n  - {name: h, include_tasks: z.yml}\n"
    )
    theatre.run(text, {"z.yml": "- {name: z, command: ok}\n"}, force_handlers=True)
    assert theatre.on("h1") == ["a changed", "b failed", "h ok", "z changed"]
