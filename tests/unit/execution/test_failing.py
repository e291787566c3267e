"""What a failure does to its host, to the others, to the batch and to the run."""

from __future__ import annotations

import pytest

from provisioner.model import event
from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}"


NEXT = "- hosts: all\n  gather_facts: false\n  tasks:\n  - {name: next, command: ok}\n"


def test_a_failed_host_takes_no_part_in_later_plays(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: fail@h1}\n  - {name: b, command: ok}\n") + NEXT)
    assert theatre.on("h1") == ["a failed"]
    assert theatre.on("h2") == ["a changed", "b changed", "next changed"]


def test_the_run_ends_where_every_host_of_a_play_failed(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: fail}\n") + NEXT)
    assert theatre.told == ["h1 a failed", "h2 a failed"]


def test_a_batch_that_failed_whole_ends_the_run(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: fail@h1}\n", "  serial: 1\n") + NEXT)
    assert theatre.told == ["h1 a failed"]


def test_a_batch_with_one_survivor_lets_the_next_one_start(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    theatre.run(play("  - {name: a, command: fail@h1}\n", "  serial: 2\n"))
    assert [line for line in theatre.told if "a" in line] == [
        "h1 a failed",
        "h2 a changed",
        "h3 a changed",
        "h4 a changed",
    ]


def test_an_ignored_failure_counts_as_ignored_and_goes_on(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, command: fail@h1, ignore_errors: true, register: r}\n"
            "  - {name: b, debug: {msg: '{{ r is failed }}'}}\n"
        )
    )
    assert theatre.on("h1") == ["a ignored", "b ok"]
    assert (theatre.said("h1"), theatre.said("h2")) == ([True], [False])


def test_an_ignored_failure_notifies_nobody(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: fail@h1, ignore_errors: true, notify: h}\n"
    theatre.run(play(tasks) + "  handlers:\n  - {name: h, command: ok}\n")
    assert theatre.on("h1") == ["a ignored"]
    assert theatre.on("h2") == ["a changed", "h changed"]


@pytest.mark.parametrize("keyword", ["delegate_to", "become_user", "environment"])
def test_an_undefined_variable_in_a_keyword_is_a_failure_and_no_defect(theatre: Theatre, keyword: str) -> None:
    theatre.run(play(f"  - {{name: a, command: ok, become: true, {keyword}: '{{{{ nowhere }}}}'}}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert "nowhere" in theatre.result("a")["msg"]
    assert "defect" not in theatre.result("a")["msg"]


def test_an_undefined_variable_in_ignore_errors_ignores_nothing(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, ignore_errors: '{{ nowhere }}'}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert "defect" not in theatre.result("a")["msg"]


def test_an_undefined_variable_in_arguments_respects_ignore_errors_and_any_errors_fatal(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: 'ok {{ nowhere }}', ignore_errors: true}\n  - {name: b, command: ok}\n"))
    assert theatre.on("h1") == ["a ignored", "b changed"]


def test_an_undefined_variable_is_fatal_with_any_errors_fatal(theatre: Theatre) -> None:
    theatre.inventory = "h1 x=1\nh2\n"
    theatre.run(play("  - {name: a, command: 'ok {{ x }}', any_errors_fatal: true}\n  - {name: b, command: ok}\n"))
    assert sorted(theatre.told) == ["h1 a changed", "h2 a failed"]


def test_ignore_errors_of_a_loop_may_depend_on_the_item(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    tasks = "  - {name: a, command: fail, loop: [true], ignore_errors: '{{ item }}'}\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a ignored", "b changed"]


def test_a_defect_in_an_action_fails_the_task_and_not_the_run(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisioner.execution.actions import debug

    def broken(_call: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(debug, "answer", broken)
    theatre.run(play("  - {name: a, debug: {msg: x}}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert "defect in provisioner: ZeroDivisionError" in theatre.result("a")["msg"]


# ---------------------------------------------------------------------- unreachable, lost


def test_an_unreachable_host_is_gone_even_inside_a_rescue(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: die@h1}\n    rescue:\n"
        "    - {name: r, command: ok}\n    always:\n    - {name: z, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a unreachable"]
    assert theatre.on("h2") == ["a changed", "z changed"]


def test_lost_contact_is_told_apart_from_unreachable(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: lose@h1}\n") + NEXT)
    assert theatre.on("h1") == ["a lost"]
    assert theatre.on("h2") == ["a changed", "next changed"]


def test_ignore_unreachable_goes_on_and_connects_anew(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: die@h1, ignore_unreachable: true}\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a ignored", "b changed"]
    assert theatre.result("a")["unreachable"] is True


def test_ignore_errors_does_not_ignore_unreachable(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: die@h1, ignore_errors: true}\n  - {name: b, command: ok}\n"))
    assert theatre.on("h1") == ["a unreachable"]


def test_every_item_that_was_run_is_told_even_where_one_delegate_is_unreachable(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    tasks = "  - {name: a, command: die@h2, delegate_to: '{{ item }}', loop: [h1, h2, h3], register: r}\n"
    theatre.run(play(tasks).replace("hosts: all", "hosts: h1"))
    assert theatre.on("h1") == ["a unreachable"]
    assert [e.status.value for e in theatre.recorder.of(event.ItemFinished)] == ["changed", "unreachable", "changed"]


# ---------------------------------------------------------------------- everybody's failure


def test_any_errors_fatal_ends_all_hosts_after_the_task(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: fail@h1}\n  - {name: b, command: ok}\n", "  any_errors_fatal: true\n") + NEXT
    )
    assert theatre.told == ["h1 a failed", "h2 a changed"]


def test_any_errors_fatal_lets_every_host_into_the_rescue(theatre: Theatre) -> None:
    tasks = (
        "  - any_errors_fatal: true\n    block:\n    - {name: a, command: fail@h1}\n    - {name: b, command: ok}\n"
        "    rescue:\n    - {name: r, command: ok}\n    always:\n"
        "    - {name: z, command: ok}\n  - {name: after, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed", "r changed", "z changed", "after changed"]
    assert theatre.on("h2") == ["a changed", "r changed", "z changed", "after changed"]


FATAL = (
    "  - block:\n    - {name: a, command: fail@h1, any_errors_fatal: true}\n    rescue:\n"
    "    - {name: r, debug: {msg: '{{ ansible_play_hosts }}'}}\n"
)


def test_hosts_rescued_from_the_failure_of_another_take_no_part_in_later_plays(theatre: Theatre) -> None:
    theatre.run(play(FATAL + "  - {name: after, command: ok}\n") + NEXT)
    assert theatre.on("h1") == ["a failed", "r ok", "after changed", "next changed"]
    assert theatre.on("h2") == ["a changed", "r ok", "after changed"]
    assert theatre.said("h2") == [["h1"]]
    assert theatre.context.failed_hosts == {"h2"}
    assert not theatre.context.set_aside
    assert any("h2: no part in later plays" in note for note in theatre.notes)


def test_hosts_rescued_from_the_failure_of_another_in_the_last_play_do_not_count_as_failed(theatre: Theatre) -> None:
    theatre.run(play(FATAL))
    assert theatre.context.failed_hosts == theatre.context.set_aside == {"h2"}


def test_the_errors_of_hosts_rescued_from_the_failure_of_another_can_be_cleared(theatre: Theatre) -> None:
    theatre.run(play(FATAL + "  - meta: clear_host_errors\n") + NEXT)
    assert theatre.on("h2") == ["a changed", "r ok", "next changed"]


def test_a_run_is_over_when_each_host_failed_or_was_rescued_from_the_failure_of_another(theatre: Theatre) -> None:
    theatre.run(play(FATAL + FATAL.replace("@h1", "@h2")) + NEXT)
    assert not any(" next " in line for line in theatre.told)
    assert theatre.context.set_aside == {"h1", "h2"}


def test_a_host_that_is_being_rescued_is_taken_out_by_the_failure_of_another(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: fail@h1}\n    - {name: b, command: fail@h2, any_errors_fatal: true}\n"
        "    rescue:\n    - {name: r, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed"]
    assert theatre.on("h2") == ["a changed", "b failed", "r changed"]


def test_hosts_without_part_in_an_include_fail_with_those_in_it(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {include_tasks: t.yml, when: inventory_hostname == 'h1'}\n    - {name: b, command: ok}\n"
        "    rescue:\n    - {name: r, command: ok}\n"
    )
    files = {"t.yml": "- block:\n  - {name: a, command: fail, any_errors_fatal: true}\n  rescue:\n  - {command: ok}\n"}
    theatre.run(play(tasks), files)
    assert "h2 r changed" in theatre.told
    assert "h2 b changed" not in theatre.told
    assert "h1 b changed" in theatre.told


def test_hosts_rescued_from_the_failure_of_another_count_for_max_fail_percentage(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    theatre.run(play(FATAL + "  - {name: after, command: ok}\n", "  max_fail_percentage: 50\n"))
    assert theatre.on("h1") == ["a failed", "r ok"]
    assert theatre.on("h2") == ["a changed"]


def test_no_host_fails_with_another_under_the_free_strategy(theatre: Theatre) -> None:
    head = "  strategy: free\n  any_errors_fatal: true\n  max_fail_percentage: 0\n"
    theatre.run(play("  - {name: a, command: fail@h1}\n  - {name: b, command: ok}\n", head) + NEXT)
    assert theatre.on("h2") == ["a changed", "b changed", "next changed"]
    assert any("any_errors_fatal has no effect" in note for note in theatre.notes)


def test_a_delegate_that_breaks_down_ends_the_loop_whatever_when_says(theatre: Theatre) -> None:
    tasks = (
        "  - {name: a, command: ok, delegate_to: \"{{ 'h' ~ (2 // item) }}\", loop: [1, 0, 2], when: item != 0,"
        ' ignore_errors: true, register: r}\n  - debug: {msg: "{{ r.results is defined }}"}\n'
    )
    theatre.run(play(tasks))
    assert [e.status.value for e in theatre.recorder.of(event.ItemFinished) if e.host == "h1"] == ["changed"]
    assert theatre.said("h1") == [False]


def test_a_run_once_failure_in_an_include_sends_every_host_to_the_rescue_around_it(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - include_tasks: t.yml\n    rescue:\n    - {name: r, command: ok}\n"
        "  - block:\n    - block:\n      - {name: b, command: fail, run_once: true}\n"
        "    rescue:\n    - {name: s, command: ok}\n"
    )
    theatre.run(play(tasks), {"t.yml": "- {name: a, command: fail, run_once: true}\n"})
    assert theatre.on("h2")[-2:] == ["r changed", "s changed"]


def test_always_runs_for_a_host_that_a_failure_in_anothers_rescue_ends(theatre: Theatre) -> None:
    tasks = (
        "  - any_errors_fatal: true\n    block:\n    - {name: a, command: fail@h1, any_errors_fatal: false}\n"
        "    rescue:\n    - {name: r, command: fail}\n    always:\n    - {name: z, command: ok}\n"
        "  - {name: after, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed", "r failed", "z changed"]
    assert theatre.on("h2") == ["a changed", "z changed"]


def test_any_errors_fatal_is_not_set_off_by_an_ignored_failure(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: fail@h1, ignore_errors: true}\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks, "  any_errors_fatal: true\n"))
    assert theatre.on("h2") == ["a changed", "b changed"]


def test_max_fail_percentage_ends_the_run_when_exceeded(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    theatre.run(
        play("  - {name: a, command: 'fail@h1,h2'}\n  - {name: b, command: ok}\n", "  max_fail_percentage: 49\n") + NEXT
    )
    assert not any(" b " in line or " next " in line for line in theatre.told)


def test_max_fail_percentage_must_be_exceeded_not_reached(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    theatre.run(
        play("  - {name: a, command: 'fail@h1,h2'}\n  - {name: b, command: ok}\n", "  max_fail_percentage: 50\n") + NEXT
    )
    assert theatre.on("h3") == ["a changed", "b changed", "next changed"]


def test_max_fail_percentage_may_be_a_template(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: 'fail@h1'}\n", "  max_fail_percentage: '{{ limit }}'\n") + NEXT,
        extra_vars={"limit": 90},
    )
    assert theatre.on("h2") == ["a changed", "next changed"]


# ---------------------------------------------------------------------- rescue


def test_a_rescue_knows_what_failed(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: first, command: fail}\n    rescue:\n"
        "    - debug: {msg: '{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}'}\n"
    )
    theatre.run(play(tasks))
    assert theatre.said() == ["first 1"]


def test_a_rescue_makes_the_host_good_again_for_later_plays(theatre: Theatre) -> None:
    tasks = "  - block:\n    - {name: a, command: fail}\n    rescue:\n    - {name: r, command: ok}\n"
    theatre.run(play(tasks) + NEXT)
    assert theatre.on("h1") == ["a failed", "r changed", "next changed"]


def test_a_condition_that_cannot_be_evaluated_is_rescued_too(theatre: Theatre) -> None:
    tasks = "  - block:\n    - {name: a, command: ok, when: nowhere}\n    rescue:\n    - {name: r, command: ok}\n"
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed", "r changed"]


def test_a_loop_in_a_block_fails_once_and_is_rescued_once(theatre: Theatre) -> None:
    tasks = "  - block:\n    - {name: a, command: fail, loop: [1, 2]}\n    rescue:\n    - {name: r, command: ok}\n"
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed", "r changed"]


def test_a_block_condition_counts_for_its_rescue_and_always(theatre: Theatre) -> None:
    tasks = (
        "  - when: inventory_hostname == 'h1'\n    block:\n    - {name: a, command: fail}\n    rescue:\n"
        "    - {name: r, command: ok}\n    always:\n    - {name: z, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a failed", "r changed", "z changed"]
    assert theatre.on("h2") == ["a skipped", "z skipped"]


# ---------------------------------------------------------------------- time limits


def test_a_task_beyond_its_time_limit_fails_and_its_connection_is_given_up(theatre: Theatre) -> None:
    theatre.sessions.holds = lambda host, _r: host == "h1"
    theatre.sessions.release = lambda: False  # type: ignore[method-assign]
    theatre.run(play("  - {name: a, command: ok, timeout: 5, register: r}\n  - {name: b, command: ok}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert theatre.on("h2") == ["a changed", "b changed"]
    assert theatre.sessions.resets == ["h1"]
    assert theatre.result("a")["timedout"] == {"period": 5.0}


def test_a_time_limit_respects_ignore_errors_and_register(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    theatre.sessions.holds = lambda _h, r: "slow" in str(r.params)
    theatre.sessions.release = lambda: False  # type: ignore[method-assign]
    tasks = (
        "  - {name: a, command: slow, timeout: 5, register: r, ignore_errors: true}\n"
        "  - {name: b, command: ok}\n  - {name: c, debug: {msg: '{{ r is failed }}'}}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a ignored", "b changed", "c ok"]
    assert theatre.said() == [True]


def test_a_time_limit_that_is_no_number_fails_the_task(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, timeout: '{{ word }}'}\n"), extra_vars={"word": "soon"})
    assert theatre.on("h1") == ["a failed"]


def test_a_time_limit_with_an_undefined_variable_fails_the_task(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, timeout: '{{ nowhere }}'}\n"))
    assert theatre.on("h1") == ["a failed"]


def test_unreachable_hosts_do_not_count_for_max_fail_percentage(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    tasks = "  - {name: a, command: 'die@h1,h2'}\n  - {name: b, command: ok}\n"
    theatre.run(play(tasks, "  max_fail_percentage: 40\n"))
    assert theatre.on("h3") == ["a changed", "b changed"]


def test_a_batch_that_began_with_failed_hosts_does_not_end_the_run(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    theatre.run(
        play("  - {name: a, command: fail@h2}\n")
        + play("  - {name: b, command: fail@h1}\n", "  serial: 2\n  any_errors_fatal: true\n")
    )
    assert [line for line in theatre.told if " b " in line] == ["h1 b failed", "h3 b changed", "h4 b changed"]


def test_a_failure_for_all_ends_the_run_where_nobody_had_failed_before_and_only_there(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    local = NEXT.replace("all", "localhost").replace("command: ok", "debug: {}")
    fatal = play("  - {name: b, command: fail@h1, any_errors_fatal: true}\n") + local
    theatre.run(fatal)
    assert theatre.on("localhost") == []
    theatre.run(play("  - {name: a, command: fail@h2}\n") + fatal)
    assert theatre.on("localhost") == ["next ok"]


def test_every_batch_of_a_play_whose_hosts_have_all_failed_is_told(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    theatre.run(
        play("  - {name: a, command: fail@h2}\n")
        + play("  - {name: b, command: fail@h1, any_errors_fatal: true}\n")
        + play("  - {name: c, command: ok}\n", "  serial: 2\n")
    )
    assert [tuple(e.hosts) for e in theatre.recorder.of(event.PlayStarted)] == [
        ("h1", "h2", "h3"),
        ("h1", "h3"),
        (),
        (),
    ]
