"""run_once: one host runs it, all hosts get what came of it."""

from __future__ import annotations

import pytest

from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}"


def test_the_result_is_registered_with_every_host(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: echo hi, run_once: true, register: r}\n  - debug: {msg: '{{ r.stdout }}'}\n")
    )
    assert theatre.commands == ["h1 echo hi"]
    assert (theatre.said("h1"), theatre.said("h2")) == (["hi"], ["hi"])


def test_set_fact_once_sets_it_for_all(theatre: Theatre) -> None:
    theatre.run(play("  - {set_fact: {x: '{{ inventory_hostname }}'}, run_once: true}\n  - debug: {msg: '{{ x }}'}\n"))
    assert (theatre.said("h1"), theatre.said("h2")) == (["h1"], ["h1"])


SHOWN = "{{ groups.all | map('extract', hostvars) | map(attribute='r.stdout', default='-') | join(' ') }}"


def test_hosts_that_failed_or_ended_before_get_it_too_and_those_out_of_reach_do_not(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\nh5\n"
    theatre.run(
        play("  - {command: fail@h5}\n")
        + play(
            "  - {command: fail@h2}\n  - {meta: end_host, when: inventory_hostname == 'h3'}\n  - {command: die@h4}\n"
            "  - {command: echo hi, run_once: true, register: r}\n"
            f'  - debug: {{msg: "{SHOWN}"}}\n'
        )
    )
    assert theatre.said("h1") == ["hi hi hi - hi"]


def test_only_the_host_that_failed_sees_what_failed(theatre: Theatre) -> None:
    failed = "{{ ansible_failed_task.name | default('-') }}"
    theatre.run(play(RESCUED + f'    always:\n    - debug: {{msg: "{failed}"}}\n'))
    assert (theatre.said("h1"), theatre.said("h2")) == (["a"], ["-"])


def test_a_template_is_asked_of_each_host_until_one_says_yes(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    once = "{{ inventory_hostname == 'h2' }}"
    theatre.run(play(f'  - {{name: a, command: ok, run_once: "{once}"}}\n'))
    assert sorted(theatre.told) == ["h1 a changed", "h2 a changed"]


def test_a_template_does_not_count_under_free_even_where_throttle_is_one(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, run_once: '{{ true }}', throttle: '{{ 1 }}'}\n", "  strategy: free\n"))
    assert sorted(theatre.told) == ["h1 a changed", "h2 a changed"]


def test_a_loop_is_run_by_one_host(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {command: 'ok {{ item }}', loop: [1, 2], run_once: true, register: r}\n"
            "  - debug: {msg: '{{ r.results | length }}'}\n"
        )
    )
    assert theatre.commands == ["h1 ok 1", "h1 ok 2"]
    assert theatre.said("h2") == ["2"]


def test_a_failure_ends_every_host(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: fail, run_once: true}\n  - {name: b, command: ok}\n"))
    assert theatre.told == ["h1 a failed"]
    assert theatre.context.failed_hosts == {"h1", "h2"}


def test_an_ignored_failure_ends_nobody(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {name: a, command: fail, run_once: true, ignore_errors: true, register: r}\n"
            "  - debug: {msg: '{{ r is failed }}'}\n"
        )
    )
    assert theatre.said("h2") == [True]


RESCUED = "  - block:\n    - {name: a, command: fail, run_once: true}\n    rescue:\n    - {name: r, command: ok}\n"


def test_only_the_host_that_ran_a_failed_task_is_rescued(theatre: Theatre) -> None:
    theatre.run(play(RESCUED + "  - {name: b, command: ok}\n"))
    assert theatre.on("h1") == ["a failed", "r changed", "b changed"]
    assert theatre.on("h2") == []
    assert theatre.context.failed_hosts == {"h2"}


def test_the_others_run_the_always_behind_that_rescue_and_no_more(theatre: Theatre) -> None:
    theatre.run(play(RESCUED + "    always:\n    - {name: z, command: ok}\n  - {name: b, command: ok}\n"))
    assert theatre.on("h2") == ["z changed"]


def test_the_others_do_not_run_an_always_that_no_rescue_comes_before(theatre: Theatre) -> None:
    block = RESCUED.replace("rescue:", "always:").replace("\n", "\n  ").replace("  - block", "    - block", 1)
    theatre.run(play("  - block:\n" + block.rstrip() + "\n    rescue:\n    - {name: o, command: ok}\n"))
    assert theatre.on("h1") == ["a failed", "r changed", "o changed"]
    assert theatre.on("h2") == ["o changed"]


def test_an_unreachable_first_host_ends_the_run(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: die, run_once: true}\n  - {name: b, command: ok}\n"))
    assert theatre.told == ["h1 a unreachable"]


def test_the_first_host_that_is_left_runs_it(theatre: Theatre) -> None:
    theatre.run(play("  - {command: fail@h1}\n  - {name: a, command: ok, run_once: true}\n"))
    assert [line for line in theatre.told if " a " in line] == ["h2 a changed"]


def test_a_condition_is_that_of_the_one_host(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, run_once: true, when: inventory_hostname == 'h2'}\n"))
    assert theatre.told == ["h1 a skipped"]


@pytest.mark.parametrize(("value", "hosts"), [("true", ["h1"]), ("false", ["h1", "h2"])])
def test_it_may_be_a_template(theatre: Theatre, value: str, hosts: list[str]) -> None:
    theatre.run(
        play(
            "  - {name: a, command: ok, run_once: '{{ flag }}', register: r}\n"
            "  - {name: b, debug: {msg: '{{ r.changed }}'}}\n"
        ),
        extra_vars={"flag": value == "true"},
    )
    assert [line.split()[0] for line in theatre.told if " a " in line] == hosts
    assert theatre.said("h2") == [True]


def test_with_serial_it_runs_once_for_each_batch(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, run_once: true}\n", "  serial: 1\n"))
    assert theatre.told == ["h1 a changed", "h2 a changed"]


def test_handlers_notified_by_it_run_on_the_one_host(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: ok, run_once: true, notify: h}\n") + "  handlers:\n  - {name: h, command: ok}\n"
    )
    assert [line for line in theatre.told if " h " in line] == ["h1 h changed"]


def test_add_host_runs_once_and_a_later_play_finds_the_host(theatre: Theatre) -> None:
    text = play("  - {name: add, add_host: {name: 'new-{{ inventory_hostname }}', groups: fresh, x: 1}}\n")
    theatre.run(
        text + "- hosts: fresh\n  gather_facts: false\n  tasks:\n  - debug: {msg: '{{ x }} {{ group_names }}'}\n"
    )
    assert [line for line in theatre.told if " add " in line] == ["h1 add changed"]
    assert theatre.said("new-h1") == ["1 ['fresh']"]


def test_group_by_makes_groups_for_the_plays_behind(theatre: Theatre) -> None:
    theatre.inventory = "h1 os=deb\nh2 os=red\n"
    text = play("  - group_by: {key: 'os_{{ os }}'}\n")
    theatre.run(text + "- hosts: os_red\n  gather_facts: false\n  tasks:\n  - {name: z, command: ok}\n")
    assert [line for line in theatre.told if " z " in line] == ["h2 z changed"]


def test_an_added_host_is_one_of_all(theatre: Theatre) -> None:
    text = play("  - {name: add, add_host: {name: new}}\n") + play("  - {name: z, command: ok}\n")
    theatre.run(text)
    assert sorted(line for line in theatre.told if " z " in line) == ["h1 z changed", "h2 z changed", "new z changed"]


def test_a_template_may_need_what_was_registered_before(theatre: Theatre) -> None:
    tasks = "  - {command: echo 1, register: r}\n  - {name: a, command: ok, run_once: '{{ r.changed }}'}\n"
    theatre.run(play(tasks))
    assert [line for line in theatre.told if " a " in line] == ["h1 a changed"]


def test_under_free_every_host_runs_it_and_the_user_is_told(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, run_once: true}\n", "  strategy: free\n"))
    assert sorted(theatre.told) == ["h1 a changed", "h2 a changed"]
    assert any("run_once" in note for note in theatre.notes)
