"""Requests sent ahead of their turn: what is sent, what comes back unrun, and that order holds."""

from __future__ import annotations

import time

from provisioner.model import event
from tests.support.theatre import Theatre

ONE = "h1\n"


def play(tasks: str, hosts: str = "all") -> str:
    return f"- hosts: {hosts}\n  gather_facts: false\n  tasks:\n{tasks}"


def submitted(theatre: Theatre) -> list[str]:
    return [str(request.params.get("_raw_params", request.module)) for _, request in theatre.sessions.submitted]


def test_tasks_of_one_host_are_all_sent_before_the_first_reply(theatre: Theatre) -> None:
    theatre.inventory = ONE
    seen: list[int] = []
    theatre.sessions.holds = lambda _h, _r: True
    release = theatre.sessions.release
    theatre.sessions.release = lambda: (seen.append(len(theatre.sessions.submitted)), release())[1]  # type: ignore[method-assign, func-returns-value]
    theatre.run(play("  - command: ok 1\n  - command: ok 2\n  - command: ok 3\n"))
    assert seen[0] == 3
    assert [s.split()[-1] for s in theatre.on("h1")] == ["changed"] * 3


def test_what_was_sent_behind_a_failure_is_not_run(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - command: fail\n  - {name: b, command: ok b}\n  - {name: c, command: ok c}\n"))
    assert submitted(theatre) == ["fail", "ok b", "ok c"]
    assert theatre.commands == ["h1 fail"]
    assert theatre.on("h1") == ["command failed"]


def test_what_was_sent_behind_an_ignored_failure_is_run(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: fail, ignore_errors: true}\n  - {name: b, command: ok b}\n"))
    assert submitted(theatre) == ["fail", "ok b"]
    assert theatre.on("h1") == ["a ignored", "b changed"]
    assert theatre.sessions.dropped == []


def test_a_templated_ignore_errors_counts_for_what_is_sent_behind(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = "  - {name: a, command: fail, ignore_errors: '{{ lenient }}'}\n  - {name: b, command: ok b}\n"
    theatre.run(play(tasks), extra_vars={"lenient": True})
    assert theatre.on("h1") == ["a ignored", "b changed"]


def test_failed_when_false_lets_everything_behind_it_run(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = (
        "  - {name: a, command: fail, failed_when: false}\n  - {name: b, command: ok b}\n  - {name: c, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a changed", "b changed", "c changed"]


def test_a_failure_that_only_the_controller_can_see_holds_the_next_task_back(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: ok, failed_when: true}\n  - {name: b, command: ok b}\n"))
    assert submitted(theatre) == ["ok"]
    assert theatre.on("h1") == ["a failed"]


def test_changed_when_that_cannot_be_evaluated_holds_the_next_task_back(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: ok, changed_when: nowhere.x}\n  - {name: b, command: ok b}\n"))
    assert theatre.commands == ["h1 ok"], "what the record calls not run must not have run"
    assert theatre.on("h1") == ["a failed"]


def test_changed_when_false_does_not_hold_the_next_task_back(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.sessions.holds = lambda _h, _r: len(theatre.sessions.submitted) == 1
    theatre.run(play("  - {name: a, command: ok, changed_when: false}\n  - {name: b, command: ok b}\n"))
    assert theatre.recorder.of(event.OperationStarted)[-1].ahead
    assert theatre.on("h1") == ["a ok", "b changed"]


def test_an_unknown_handler_is_no_reason_to_forget_what_ran_behind(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = "  - {name: a, command: ok, notify: '{{ nobody }}'}\n  - {name: b, command: ok b}\n"
    theatre.run(play(tasks), extra_vars={"nobody": "nobody"})
    ran = [c.removeprefix("h1 ") for c in theatre.commands]
    assert len(ran) == len(theatre.on("h1")), "each request that ran has its record"


def test_a_task_that_reads_a_registered_value_waits_for_it(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(
        play(
            "  - {name: a, command: echo value, register: r}\n"
            "  - {name: b, command: 'ok {{ r.stdout }}'}\n"
            "  - {name: c, command: ok c, when: r.stdout == 'value'}\n"
        )
    )
    assert theatre.commands == ["h1 echo value", "h1 ok value", "h1 ok c"]


def test_set_fact_behind_a_request_takes_effect_in_its_turn(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(
        play(
            "  - {set_fact: {x: 1}}\n  - command: ok\n  - {set_fact: {x: 2}}\n"
            "  - {name: c, command: 'ok {{ x }}'}\n  - command: fail\n  - {set_fact: {x: 3}}\n"
        )
    )
    assert theatre.commands == ["h1 ok", "h1 ok 2", "h1 fail"]
    assert theatre.context.memory("h1").variables["x"] == 2


def test_a_rescue_runs_after_the_rest_of_its_block_came_back(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(
        play(
            "  - block:\n    - {name: a, command: fail}\n    - {name: b, command: ok b}\n"
            "    rescue:\n    - {name: r, command: ok r}\n    always:\n    - {name: z, command: ok z}\n"
            "  - {name: after, command: ok after}\n"
        )
    )
    assert theatre.on("h1") == ["a failed", "r changed", "z changed", "after changed"]
    assert theatre.commands == ["h1 fail", "h1 ok r", "h1 ok z", "h1 ok after"]


def test_a_task_of_always_that_changes_its_mind_goes_to_another_host(theatre: Theatre) -> None:
    """Sent ahead it is skipped; after the failure its condition holds and it needs another session."""
    theatre.run(
        play(
            "  - block:\n    - {name: a, command: fail}\n    always:\n"
            "    - {name: tell, command: ok tell, delegate_to: h2,"
            " when: ansible_failed_task is defined or broken is defined}\n"
            "    - {name: z, command: ok z, register: zz}\n"
            "    rescue:\n    - {set_fact: {broken: 1}}\n",
            hosts="h1",
        )
    )
    assert theatre.on("h1") == ["a failed", "set_fact ok", "tell changed", "z changed"]
    assert theatre.commands == ["h1 fail", "h2 ok tell", "h1 ok z"]


def test_a_loop_over_several_machines_is_awaited_before_the_next_task(theatre: Theatre) -> None:
    theatre.sessions.holds = lambda host, _r: host == "h2"
    theatre.run(
        play(
            "  - {name: a, command: 'fail@h2', delegate_to: '{{ item }}', loop: [h1, h2]}\n"
            "  - {name: b, command: ok b}\n",
            hosts="h1",
        )
    )
    assert theatre.on("h1") == ["a failed"]
    assert "h1 ok b" not in theatre.commands


def test_items_of_a_loop_run_on_after_one_failed_but_nothing_behind_the_loop(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: '{{ item }}', loop: [ok 1, fail, ok 2]}\n  - {name: b, command: ok b}\n"))
    assert theatre.commands == ["h1 ok 1", "h1 fail", "h1 ok 2"]
    assert theatre.on("h1") == ["a failed"]


def test_a_handler_is_not_overtaken_by_what_stands_behind_its_flush(theatre: Theatre) -> None:
    theatre.inventory = ONE
    text = play("  - {name: a, command: ok a, notify: h}\n  - meta: flush_handlers\n  - {name: b, command: ok b}\n")
    theatre.run(text + "  handlers:\n  - {name: h, command: ok h}\n")
    assert theatre.commands == ["h1 ok a", "h1 ok h", "h1 ok b"]


def test_with_step_nothing_is_sent_ahead(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.prompt.steps = lambda title, _host: title != "b"
    theatre.run(
        play("  - {name: a, command: ok a}\n  - {name: b, command: ok b}\n  - {name: c, command: ok c}\n"), step=True
    )
    assert theatre.commands == ["h1 ok a", "h1 ok c"]
    assert not any(e.ahead for e in theatre.recorder.of(event.OperationStarted))


def test_an_unreachable_host_gets_nothing_more(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: die}\n  - {name: b, command: ok b}\n"))
    assert theatre.on("h1") == ["a unreachable"]
    assert theatre.context.unreachable_hosts == {"h1"}


def test_what_ran_behind_a_failure_seen_late_is_still_recorded_in_order(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: ok a}\n  - {name: b, command: ok b}\n  - {name: c, debug: {msg: done}}\n"))
    assert [line.split()[0] for line in theatre.on("h1")] == ["a", "b", "c"]


def test_each_operation_that_is_dropped_is_announced_only_when_it_runs(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(
        play(
            "  - block:\n    - {name: a, command: fail}\n    - {name: b, command: ok b}\n"
            "    rescue:\n    - {name: r, command: ok r}\n"
        )
    )
    assert [e.title for e in theatre.recorder.of(event.OperationStarted)] == ["a", "r"]


def test_two_thousand_tasks_take_time_in_proportion(theatre: Theatre) -> None:
    theatre.inventory = ONE

    def seconds(count: int) -> float:
        theatre.recorder.events.clear()
        began = time.process_time()
        theatre.run(play("".join(f"  - {{name: t{n}, command: ok {n}}}\n" for n in range(count))))
        assert len(theatre.told) == count
        return time.process_time() - began

    few, many = seconds(250), seconds(2000)
    assert many < 8 * few * 5, "eight times the tasks take about eight times as long, not 64 times"


def test_a_cancelled_task_behind_is_awaited_before_one_that_reads_its_value(theatre: Theatre) -> None:
    """What was sent ahead will set ``c`` again; the task before it must not wait for that for ever."""
    theatre.inventory = ONE
    theatre.run(
        play(
            "  - block:\n    - {name: a, command: fail}\n    always:\n"
            "    - {name: b, debug: {msg: \"{{ c.stdout | default('none') }}\"}}\n"
            "    - {name: c, command: echo later, register: c}\n"
        )
    )
    assert theatre.on("h1") == ["a failed", "b ok", "c changed"]
    assert theatre.said() == ["none"]


def test_nothing_is_sent_past_a_failure_that_is_known_already(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.run(play("  - {name: a, command: ok a}\n  - {name: f, fail: {msg: no}}\n  - {name: b, command: ok b}\n"))
    assert theatre.commands == ["h1 ok a"]
    assert theatre.on("h1") == ["a changed", "f failed"]


def test_nothing_is_sent_past_an_assertion_that_does_not_hold(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = "  - {name: a, command: ok a}\n  - {name: f, assert: {that: x == 2}}\n  - {name: b, command: ok b}\n"
    theatre.run(play(tasks), extra_vars={"x": 1})
    assert theatre.commands == ["h1 ok a"]


def test_groups_made_ahead_are_there_for_the_task_behind(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = (
        "  - command: ok\n  - add_host: {name: n, groups: g}\n"
        "  - group_by: {key: k}\n  - debug: {msg: '{{ groups.g }} {{ groups.k }}'}\n"
    )
    theatre.run(play(tasks))
    assert theatre.said() == ["['n'] ['h1']"]


def test_facts_forgotten_ahead_are_gone_for_the_task_behind(theatre: Theatre) -> None:
    theatre.inventory = ONE
    theatre.facts = {"h1": {"ansible_os": "x"}}
    tasks = "  - command: ok\n  - meta: clear_facts\n  - debug: {msg: \"{{ ansible_os | default('gone') }}\"}\n"
    theatre.run(f"- hosts: all\n  tasks:\n{tasks}")
    assert theatre.said() == ["gone"]


def test_a_value_read_through_hostvars_is_waited_for_too(theatre: Theatre) -> None:
    theatre.inventory = ONE
    tasks = "  - {command: echo new, register: r}\n  - debug: {msg: '{{ hostvars[inventory_hostname].r.stdout }}'}\n"
    theatre.run(play(tasks))
    assert theatre.said() == ["new"]
