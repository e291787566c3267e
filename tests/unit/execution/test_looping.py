"""Loops: items, their results, loop_control, and what one item sees of another."""

from __future__ import annotations

import pytest

from provisioner.model import event
from tests.support.theatre import Theatre


def play(tasks: str) -> str:
    return f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}"


def items(theatre: Theatre) -> list[str]:
    return [f"{e.label} {e.status.value}" for e in theatre.recorder.of(event.ItemFinished)]


def test_items_run_in_order_and_are_all_told(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: '{{ item }}', loop: [ok 1, same 2, ok 3]}\n"))
    assert items(theatre) == ["ok 1 changed", "same 2 ok", "ok 3 changed"]
    assert theatre.on("h1") == ["a changed"]


def test_a_condition_is_decided_for_each_item(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: 'ok {{ item }}', loop: [1, 2, 3], when: item != 2, register: r}\n"))
    assert theatre.commands == ["h1 ok 1", "h1 ok 3"]
    assert [bool(r.get("skipped")) for r in theatre.result("a")["results"]] == [False, True, False]


def test_a_loop_all_of_whose_items_are_skipped_is_skipped(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: [1, 2], when: false}\n"))
    assert theatre.on("h1") == ["a skipped"]
    assert theatre.result("a")["msg"] == "All items skipped"


def test_an_empty_loop_is_skipped(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: [], register: r}\n  - debug: {msg: '{{ r.results }}'}\n"))
    assert theatre.on("h1")[0] == "a skipped"
    assert theatre.said() == [[]]


def test_a_loop_over_something_else_than_a_list_is_an_error_with_a_hint(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: '{{ d }}'}\n"), extra_vars={"d": {"k": 1}})
    assert theatre.on("h1") == ["a failed"]
    assert "dict2items" in theatre.result("a")["msg"]


def test_an_undefined_loop_behind_a_false_condition_is_skipped(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: '{{ nowhere }}', when: nowhere is defined}\n"))
    assert theatre.on("h1") == ["a skipped"]


def test_an_undefined_loop_is_an_error_otherwise(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: '{{ nowhere }}'}\n"))
    assert theatre.on("h1") == ["a failed"]


def test_registered_results_carry_their_items(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {command: 'echo {{ item }}', loop: [x, y], register: r}\n"
            '  - debug: {msg: "{{ r.results '
            "| map(attribute='item') "
            "| list }} {{ r.results[1].stdout "
            '}} {{ r.changed }}"}\n'
        )
    )
    assert theatre.said() == ["['x', 'y'] y True"]


def test_one_failed_item_fails_the_task_and_the_rest_still_runs(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: '{{ item }}', loop: [ok, fail, ok 3], ignore_errors: true, register: r}\n")
    )
    assert items(theatre) == ["ok changed", "fail failed", "ok 3 changed"]
    assert theatre.on("h1") == ["a ignored"]
    assert theatre.result("a")["msg"] == "One or more items failed"


def test_set_fact_sees_what_the_item_before_it_set(theatre: Theatre) -> None:
    theatre.run(
        play("  - {set_fact: {n: '{{ n | default(0) | int + item }}'}, loop: [1, 2, 3]}\n  - debug: {msg: '{{ n }}'}\n")
    )
    assert theatre.said() == ["6"]


def test_loop_variables_have_the_names_asked_for(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, debug: {msg: '{{ "
            "x }}{{ i }}'}, loop: [p, q], "
            "loop_control: {loop_var: x, "
            "index_var: i}, register: r}\n"
            "  - debug: {msg: '{{ r.results[1].x }} {{ r.results[1].i }} {{ r.results[1].ansible_loop_var }}'}\n"
        )
    )
    assert theatre.said() == ["p0", "q1", "q 1 x"]


def test_a_label_is_shown_for_the_item(theatre: Theatre) -> None:
    theatre.run(play("  - {command: ok, loop: [{n: one, p: secret}], loop_control: {label: '{{ item.n }}'}}\n"))
    assert items(theatre) == ["one changed"]


def test_the_extended_loop_variable_knows_its_neighbours(theatre: Theatre) -> None:
    text = (
        '  - debug:\n      msg: "{{ l.index }}/{{ l.length }} {{ l.first }} {{ l.last }}'
        " {{ l.previtem | default('-') }} {{ l.nextitem | default('-') }} {{ l.revindex0 }}\"\n"
        "    loop: [a, b]\n    loop_control: {extended: true}\n    vars: {l: '{{ ansible_loop }}'}\n"
    )
    theatre.run(play(text))
    assert theatre.said() == ["1/2 True False - b 1", "2/2 False True a - 0"]


def test_all_items_are_left_out_when_asked(theatre: Theatre) -> None:
    text = (
        "  - debug: {msg: \"{{ ansible_loop.allitems | default('none') }}\"}\n    loop: [a]\n"
        "    loop_control: {extended: true, extended_allitems: false}\n"
    )
    theatre.run(play(text))
    assert theatre.said() == ["none"]


def test_break_when_ends_the_loop_behind_the_item(theatre: Theatre) -> None:
    text = (
        "  - {name: a, command: 'echo "
        "{{ item }}', loop: [x, y, z], "
        "register: r, loop_control: "
        "{break_when: r.stdout == 'y'}}\n"
    )
    theatre.run(play(text))
    assert theatre.commands == ["h1 echo x", "h1 echo y"]


def test_a_pause_lies_between_items(theatre: Theatre) -> None:
    before = theatre.clock.time
    theatre.run(play("  - {name: a, command: 'ok {{ item }}', loop: [1, 2], loop_control: {pause: 5}}\n"))
    assert theatre.clock.time - before >= 5
    assert len(theatre.commands) == 2


def test_what_follows_a_loop_is_not_sent_before_its_last_item(theatre: Theatre) -> None:
    after = "  - command: ok after\n"
    theatre.run(play("  - {command: 'ok {{ item }}', loop: [1, 2], loop_control: {pause: 1}}\n" + after))
    assert theatre.commands == ["h1 ok 1", "h1 ok 2", "h1 ok after"]


def test_nor_before_that_of_a_loop_whose_items_ask_for_more_than_one_thing(theatre: Theatre) -> None:
    tasks = "  - {user: {name: '{{ item }}', state: absent}, loop: [u1, u2]}\n  - command: ok after\n"
    theatre.run(play(tasks))
    assert [request.params.get("name", "after") for _, request in theatre.sessions.ran] == ["u1", "u2", "after"]
    assert theatre.sessions.resets == ["h1 u1", "h1 u2"]


def test_until_is_decided_for_each_item(theatre: Theatre) -> None:
    seen: list[str] = []

    def answer(_host: str, request: object) -> dict[str, object]:
        text = str(request.params["_raw_params"])  # type: ignore[attr-defined]
        seen.append(text)
        return {"changed": False, "rc": 0, "stdout": str(seen.count(text))}

    theatre.script = answer
    text = (
        "  - {name: a, command: '{{ "
        "item }}', loop: [x, y], "
        "register: r, until: r.stdout "
        "== '2', retries: 3, delay: 1}\n"
    )
    theatre.run(play(text))
    assert seen == ["x", "x", "y", "y"]
    assert [r["attempts"] for r in theatre.result("a")["results"]] == [2, 2]


def test_with_items_flattens_and_with_dict_pairs(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - debug: {msg: '{{ item }}'}\n    with_items: [[1, 2], 3]\n"
            "  - debug: {msg: '{{ item.key }}={{ item.value }}'}\n    with_dict: {k: v}\n"
            "  - debug: {msg: '{{ item.0 }}{{ item.1 }}'}\n    with_together: [[1, 2], [x, y]]\n"
            "  - debug: {msg: '{{ item }}'}\n    with_sequence: start=1 end=2\n"
        )
    )
    assert theatre.said() == [1, 2, 3, "k=v", "1x", "2y", "1", "2"]


def test_a_secret_item_makes_every_item_secret_that_is_told_after_it(theatre: Theatre) -> None:
    text = (
        "  - {name: a, command: 'ok {{ item.v }}', loop: [{v: 1, s: true}, {v: 2, s: false}], no_log: '{{ item.s }}'}\n"
    )
    theatre.run(play(text))
    assert [e.no_log for e in theatre.recorder.of(event.ItemFinished)] == [True, True]
    assert theatre.recorder.of(event.OperationFinished)[-1].no_log


def test_items_of_more_than_one_window_all_run(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: 'ok {{ item }}', loop: '{{ range(150) | list }}'}\n  - {name: b, command: ok}\n")
    )
    assert theatre.commands == [f"h1 ok {n}" for n in range(150)] + ["h1 ok"]


def test_changed_when_and_failed_when_see_the_item_and_its_result(theatre: Theatre) -> None:
    text = (
        "  - {name: a, command: 'echo {{ item }}', loop: [x, y], register: r, changed_when: r.stdout == 'x',"
        " failed_when: item == 'z'}\n"
    )
    theatre.run(play(text))
    assert items(theatre) == ["x changed", "y ok"]


def test_a_loop_over_what_was_just_registered_waits_for_it(theatre: Theatre) -> None:
    theatre.run(
        play("  - {command: echo a b, register: r}\n  - {command: 'ok {{ item }}', loop: '{{ r.stdout.split() }}'}\n")
    )
    assert theatre.commands == ["h1 echo a b", "h1 ok a", "h1 ok b"]


def test_a_loop_whose_items_cannot_be_rendered_can_be_ignored(theatre: Theatre) -> None:
    tasks = "  - {name: a, debug: {msg: '{{ nope[item] }}'}, loop: [1, 2], ignore_errors: true}\n"
    theatre.run(f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}")
    assert theatre.on("h1") == ["a ignored"]


def ignored(task: str) -> str:
    """Return the text of a task that knows of the items a and c."""
    return f"  - {{{task}, ignore_errors: true, vars: {{known: {{a: 1, c: 3}}}}}}\n"


@pytest.mark.parametrize(
    "task",
    [
        "command: 'ok {{ known[item] }}'",
        "command: 'ok {{ item }}', when: 'known[item] > 0'",
        "command: ok, environment: {A: '{{ known[item] }}'}",
    ],
)
def test_an_item_that_cannot_be_evaluated_ends_the_loop_without_results(theatre: Theatre, task: str) -> None:
    theatre.inventory = "h1\n"
    theatre.run(play(ignored(f"name: a, {task}, loop: [a, b, c], register: r")))
    assert len(theatre.commands) == 1
    assert theatre.on("h1") == ["a ignored"]
    assert "results" not in theatre.result("a")


def test_what_items_brought_counts_for_nothing_where_one_cannot_be_evaluated(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    tasks = ignored("name: a, set_fact: {fact: '{{ known[item] }}'}, loop: [a, b]")
    tasks += ignored("name: b, include_tasks: '{{ known[item] }}.yml', loop: [a, b]")
    theatre.run(play(tasks + "  - debug: {msg: '{{ fact is defined }}'}\n"), {"1.yml": "- command: ok\n"})
    assert theatre.said() == [False]
    assert theatre.commands == []


def test_a_verdict_that_cannot_be_evaluated_fails_its_item_alone(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    task = "command: 'ok {{ item }}', changed_when: 'known[item] > 0'"
    theatre.run(play(ignored(f"name: a, {task}, loop: [a, b, c]")))
    assert theatre.commands == ["h1 ok a", "h1 ok b", "h1 ok c"]
    assert [each["failed"] for each in theatre.result("a")["results"]] == [False, True, False]


@pytest.mark.parametrize(
    ("no_log", "is_hidden"), [("'{{ true }}'", True), ("'{{ false }}'", False), ("'{{ nowhere }}'", True)]
)
def test_no_log_as_a_template_says_whether_it_is_told_what_could_not_be_evaluated(
    theatre: Theatre, no_log: str, is_hidden: bool
) -> None:
    theatre.inventory = "h1\n"
    theatre.run(play(ignored("name: a, command: 'ok {{ nothing }}', no_log: " + no_log)))
    (finished,) = theatre.recorder.of(event.OperationFinished)
    assert finished.no_log is is_hidden


def test_a_template_that_raises_what_nobody_expects_fails_its_item_alone(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    theatre.run(play(ignored("name: a, command: 'ok {{ 5 // item }}', loop: [1, 0, 5]")))
    assert theatre.commands == ["h1 ok 5", "h1 ok 1"]
    assert [each["failed"] for each in theatre.result("a")["results"]] == [False, True, False]
