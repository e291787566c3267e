"""Handlers: who is notified, when they run, and what is owed."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from tests.support.theatre import Theatre


def play(tasks: str, handlers: str, head: str = "") -> str:
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}  handlers:\n{handlers}"


H = "  - {name: h, command: ok h}\n"


def test_handlers_run_once_at_the_end_in_the_order_of_their_definition(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: ok, notify: [two, one]}\n  - {name: b, command: ok, notify: two}\n"
    theatre.run(
        play(tasks, "  - {name: one, command: ok}\n  - {name: two, command: ok}\n  - {name: three, command: ok}\n")
    )
    assert theatre.on("h1") == ["a changed", "b changed", "one changed", "two changed"]


def test_only_a_change_notifies(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: same, notify: h}\n  - {name: b, command: ok, changed_when: false, notify: h}\n", H)
    )
    assert theatre.on("h1") == ["a ok", "b ok"]


def test_one_changed_item_of_a_loop_notifies(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: '{{ item }}', loop: [same, ok], notify: h}\n", H))
    assert theatre.on("h1")[-1] == "h changed"


def test_only_the_hosts_that_changed_run_the_handler(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, when: inventory_hostname == 'h2', notify: h}\n", H))
    assert theatre.on("h1") == ["a skipped"]
    assert theatre.on("h2") == ["a changed", "h changed"]


def test_listeners_run_in_order_of_definition_beside_names(theatre: Theatre) -> None:
    handlers = (
        "  - {name: x, command: ok, listen: topic}\n  - {name: topic, command: ok}\n"
        "  - {name: y, command: ok, listen: [other, topic]}\n"
    )
    theatre.run(play("  - {name: a, command: ok, notify: topic}\n", handlers))
    assert theatre.on("h1") == ["a changed", "x changed", "topic changed", "y changed"]


def test_flushing_in_the_middle_runs_them_there_and_not_again(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: ok, notify: h}\n  - meta: flush_handlers\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks, H))
    assert theatre.on("h1") == ["a changed", "h changed", "b changed"]


def test_a_handler_notified_after_a_flush_runs_again_at_the_end(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: ok, notify: h}\n  - meta: flush_handlers\n  - {name: b, command: ok, notify: h}\n"
    theatre.run(play(tasks, H))
    assert theatre.on("h1") == ["a changed", "h changed", "b changed", "h changed"]


def test_a_flush_may_have_a_condition(theatre: Theatre) -> None:
    tasks = (
        "  - {name: a, command: ok, notify: h}\n"
        "  - {meta: flush_handlers, when: inventory_hostname == 'h1'}\n  - {name: b, command: ok}\n"
    )
    theatre.run(play(tasks, H))
    assert [x for x in theatre.on("h1") if x[0] in "abh"] == ["a changed", "h changed", "b changed"]
    assert [x for x in theatre.on("h2") if x[0] in "abh"] == ["a changed", "b changed", "h changed"]


def test_handlers_run_after_pre_tasks_roles_with_tasks_and_post_tasks(theatre: Theatre) -> None:
    head = (
        "  pre_tasks:\n  - {name: pre, command: ok, notify: h}\n"
        "  post_tasks:\n  - {name: post, command: ok, notify: h}\n"
    )
    theatre.run(play("  - {name: a, command: ok, notify: h}\n", H, head))
    assert [line.split()[0] for line in theatre.on("h1")] == ["pre", "h", "a", "h", "post", "h"]


def test_a_handler_may_have_a_condition_and_a_loop(theatre: Theatre) -> None:
    handlers = (
        "  - {name: h, command: 'ok {{ item }}', loop: [1, 2]}\n"
        "  - {name: i, command: ok, listen: h, when: inventory_hostname == 'h2'}\n"
    )
    theatre.run(play("  - {name: a, command: ok, notify: h}\n", handlers))
    assert theatre.on("h1") == ["a changed", "h changed", "i skipped"]
    assert theatre.on("h2") == ["a changed", "h changed", "i changed"]


def test_a_handler_may_include_tasks(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, command: ok, notify: h}\n",
            "  - {name: h, include_tasks: t.yml}\n  - {name: i, command: ok, listen: h}\n",
        ),
        {"t.yml": "- {name: t1, command: ok}\n- {name: t2, command: ok}\n"},
    )
    assert theatre.on("h1") == ["a changed", "h ok", "t1 changed", "t2 changed", "i changed"]


@pytest.mark.parametrize(("handler", "what"), [("block: [{ping: }]", "block"), ("include_role: {name: r}", "role")])
def test_neither_block_nor_role_can_be_a_handler(theatre: Theatre, handler: str, what: str) -> None:
    with pytest.raises(InputError, match=f"a {what} cannot be a handler"):
        theatre.run(play("  - {name: a, command: ok}\n", f"  - {handler}\n"), {"roles/r/tasks/main.yml": "[]\n"})


def test_handlers_notified_in_rescue_and_always_run(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: fail}\n    rescue:\n    - {name: r, command: ok, notify: h}\n"
        "    always:\n    - {name: z, command: ok, notify: i}\n"
    )
    theatre.run(play(tasks, H + "  - {name: i, command: ok i}\n"))
    assert theatre.on("h1") == ["a failed", "r changed", "z changed", "h changed", "i changed"]


def test_what_was_notified_before_a_rescued_failure_still_runs(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: ok, notify: h}\n"
        "    - {name: b, command: fail}\n    rescue:\n    - {name: r, command: ok}\n"
    )
    theatre.run(play(tasks, H))
    assert theatre.on("h1")[-1] == "h changed"


def test_a_flush_inside_a_rescue_runs_what_was_notified(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: ok, notify: h}\n    - {name: b, command: fail}\n"
        "    rescue:\n    - meta: flush_handlers\n    - {name: r, command: ok}\n"
    )
    theatre.run(play(tasks, H))
    assert theatre.on("h1") == ["a changed", "b failed", "h changed", "r changed"]


def test_a_failed_host_owes_its_handlers_and_the_record_says_so(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, notify: h}\n  - {name: b, command: fail@h1}\n", H))
    assert theatre.on("h1") == ["a changed", "b failed"]
    assert theatre.owed == ["h1 h host failed"]


@pytest.mark.parametrize("way", ["option", "keyword"])
def test_forced_handlers_run_on_a_failed_host(theatre: Theatre, way: str) -> None:
    head = "  force_handlers: true\n" if way == "keyword" else ""
    tasks = "  - {name: a, command: ok, notify: h}\n  - {name: b, command: fail}\n"
    theatre.run(play(tasks, H, head), force_handlers=way == "option")
    assert theatre.on("h1") == ["a changed", "b failed", "h changed"]
    assert theatre.context.failed_hosts == {"h1", "h2"}


def test_a_forced_handler_that_fails_keeps_the_others_from_running(theatre: Theatre) -> None:
    handlers = "  - {name: h, command: fail}\n  - {name: i, command: ok, listen: h}\n"
    theatre.run(play("  - {name: a, command: ok, notify: h}\n", handlers), force_handlers=True)
    assert theatre.on("h1") == ["a changed", "h failed"]


def test_a_failing_handler_fails_its_host(theatre: Theatre) -> None:
    handlers = "  - {name: h, command: fail@h1}\n  - {name: i, command: ok, listen: h}\n"
    theatre.run(
        play("  - {name: a, command: ok, notify: h}\n", handlers, "  post_tasks:\n  - {name: post, command: ok}\n")
    )
    assert theatre.on("h1") == ["a changed", "h failed"]
    assert theatre.on("h2") == ["a changed", "h changed", "i changed", "post changed"]
    assert theatre.owed == ["h1 i host failed"]


def test_a_handler_may_be_named_with_its_role(theatre: Theatre) -> None:
    files = {
        "roles/r/handlers/main.yml": "- {name: h, command: ok}\n",
        "roles/r/tasks/main.yml": "- {name: a, command: ok, notify: 'r : h'}\n",
    }
    theatre.run("- hosts: h1\n  gather_facts: false\n  roles: [r]\n", files)
    assert theatre.on("h1") == ["r : a changed", "r : h changed"]


@pytest.mark.parametrize(
    "used",
    [
        "  roles:\n  - {role: outer, vars: {word: given}}\n",
        "  roles:\n  - {role: outer, word: given}\n",
        "  tasks:\n  - import_role: {name: outer}\n    vars: {word: given}\n",
        "  tasks:\n  - include_role: {name: outer}\n    vars: {word: given}\n",
    ],
)
def test_the_handler_of_a_dependency_sees_what_its_role_was_given(theatre: Theatre, used: str) -> None:
    files = {
        "roles/inner/defaults/main.yml": "word: own\n",
        "roles/inner/handlers/main.yml": "- {name: h, debug: {msg: '{{ word }}'}}\n",
        "roles/inner/tasks/main.yml": "- {name: a, command: ok, notify: h}\n",
        "roles/outer/meta/main.yml": "dependencies: [inner]\n",
    }
    theatre.run(f"- hosts: h1\n  gather_facts: false\n{used}", files)
    assert theatre.said() == ["given"]


def test_of_two_handlers_of_one_name_the_play_s_own_is_meant(theatre: Theatre) -> None:
    files = {
        "roles/r/handlers/main.yml": "- {name: h, debug: {msg: role}}\n",
        "roles/r/tasks/main.yml": "- {name: a, command: ok, notify: h}\n",
    }
    theatre.run(
        "- hosts: h1\n  gather_facts: false\n  roles: [r]\n  handlers:\n  - {name: h, debug: {msg: play}}\n", files
    )
    assert theatre.said() == ["play"]


def test_a_notification_may_be_a_template_and_a_list(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: ok, notify: '{{ who }}'}\n", H + "  - {name: i, command: ok}\n"),
        extra_vars={"who": ["h", "i"]},
    )
    assert theatre.on("h1") == ["a changed", "h changed", "i changed"]


def test_a_handler_s_name_may_be_a_template_of_play_variables(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, command: ok, notify: restart web}\n",
            "  - {name: 'restart {{ what }}', command: ok}\n",
            "  vars: {what: web}\n",
        )
    )
    assert len(theatre.on("h1")) == 2


def test_an_unknown_handler_fails_the_task_with_a_hint(theatre: Theatre) -> None:
    try:
        theatre.run(play("  - {name: a, command: ok, notify: hh}\n", H))
    except InputError as error:
        told = str(error)
    else:
        told = theatre.result("a")["msg"]
    assert "hh" in told
    assert "did you mean 'h'?" in told


def test_handlers_ignore_the_tags_that_were_asked_for(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, notify: h, tags: x}\n  - {name: b, command: ok}\n", H), tags=("x",))
    assert theatre.on("h1") == ["a changed", "h changed"]


def test_a_handler_notified_by_a_handler_runs_in_the_same_flush_if_it_comes_later(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, command: ok, notify: h}\n",
            "  - {name: h, command: ok, notify: i}\n  - {name: i, command: ok}\n",
        )
    )
    assert theatre.on("h1") == ["a changed", "h changed", "i changed"]


def test_a_handler_s_conditions_do_not_come_from_the_task_that_notified_it(theatre: Theatre) -> None:
    tasks = "  - block:\n    - {name: a, command: ok, notify: h}\n    when: inventory_hostname == 'h1'\n"
    theatre.run(play(tasks, H))
    assert theatre.on("h1") == ["a changed", "h changed"]


def test_under_free_each_host_runs_its_handlers_by_itself(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, notify: h}\n", H, "  strategy: free\n"))
    assert theatre.on("h1") == theatre.on("h2") == ["a changed", "h changed"]


def test_an_unreachable_host_owes_its_handlers(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, notify: h}\n  - {name: b, command: die@h1}\n", H))
    assert theatre.owed == ["h1 h host unreachable"]


def test_a_host_that_was_ended_runs_no_handlers(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: ok, notify: h}\n  - {meta: end_host, when: inventory_hostname == 'h1'}\n", H)
    )
    assert "h changed" not in theatre.on("h1")
    assert "h changed" in theatre.on("h2")


def test_a_handler_that_fails_in_a_flush_inside_a_block_is_rescued(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: ok, notify: h}\n"
        "    - meta: flush_handlers\n    - {name: b, command: ok}\n"
        "    rescue:\n    - {name: r, command: ok}\n  - {name: z, command: ok}\n"
    )
    theatre.run(play(tasks, "  - {name: h, command: fail}\n"))
    assert theatre.on("h1") == ["a changed", "h failed", "r changed", "z changed"]


def test_of_two_listeners_of_one_name_the_first_is_meant(theatre: Theatre) -> None:
    handlers = (
        "  - {name: x, debug: {msg: first}, listen: t}\n  - {name: x, debug: {msg: second}, listen: t}\n"
        "  - {name: y, debug: {msg: y}, listen: t}\n"
    )
    theatre.run(play("  - {name: a, command: ok, notify: t}\n", handlers))
    assert theatre.said() == ["first", "y"]
