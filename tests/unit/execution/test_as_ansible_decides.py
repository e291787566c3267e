"""What the comparison with ansible-core found: who decides, what counts as failed, what is forgiven."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.model.event import PlayStarted
from provisioner.model.policy import Policy
from provisioner.reporting.recap import Recap
from tests.support.theatre import FACTS_OFF, Theatre


def play(tasks: str, more: str = "", handlers: str = "") -> str:
    text = f"- hosts: all\n{FACTS_OFF}{more}  tasks:\n{tasks}"
    return text + (f"  handlers:\n{handlers}" if handlers else "")


# ---------------------------------------------------------------------- the play's own words


@pytest.mark.parametrize("word", ["ansible.builtin.free", "'{{ way }}'"])
def test_a_strategy_may_be_a_full_name_or_a_template(theatre: Theatre, word: str) -> None:
    theatre.run(play("  - {name: a, command: ok}\n", f"  strategy: {word}\n"), extra_vars={"way": "free"})
    assert sorted(theatre.told) == ["h1 a changed", "h2 a changed"]
    assert {e.strategy for e in theatre.recorder.events if hasattr(e, "strategy")} == {"free"}


def test_the_strategy_debug_is_refused_with_what_there_is_instead(theatre: Theatre) -> None:
    with pytest.raises(InputError, match="no strategy 'debug'"):
        theatre.run(play("  - {name: a, command: ok}\n", "  strategy: debug\n"))


def test_the_order_may_be_a_template_and_play_hosts_keep_the_inventorys(theatre: Theatre) -> None:
    tasks = "  - {name: a, debug: {msg: '{{ ansible_play_hosts }} {{ ansible_play_batch }}'}}\n"
    theatre.run(play(tasks, "  order: '{{ way }}'\n"), extra_vars={"way": "reverse_sorted"})
    assert theatre.told == ["h2 a ok", "h1 a ok"]
    assert theatre.said("h1") == ["['h1', 'h2'] ['h2', 'h1']"]


def test_a_play_that_forces_no_handlers_wins_over_the_option(theatre: Theatre) -> None:
    text = play(
        "  - {command: ok, notify: h}\n  - {command: fail}\n",
        "  force_handlers: false\n",
        "  - {name: h, command: ok}\n",
    )
    theatre.run(text, force_handlers=True)
    assert not [line for line in theatre.told if " h " in line]


# ---------------------------------------------------------------------- meta


def test_the_first_host_decides_whether_the_play_ends(theatre: Theatre) -> None:
    tasks = "  - {meta: end_play, when: \"inventory_hostname == '%s'\"}\n  - {name: a, command: ok}\n"
    theatre.run(play(tasks % "h2"))
    assert [line for line in theatre.told if " a " in line] == ["h1 a changed", "h2 a changed"]
    theatre.recorder.events.clear()
    theatre.run(play(tasks % "h1"))
    assert not [line for line in theatre.told if " a " in line]


def test_a_condition_that_does_not_hold_is_told_with_the_word(theatre: Theatre) -> None:
    theatre.run(play("  - {name: m, meta: end_host, when: false}\n"))
    assert theatre.result("m")["skip_reason"].startswith("end_host conditional evaluated to False")


def test_errors_cleared_in_always_let_the_host_go_on(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {command: fail}\n    always:\n    - meta: clear_host_errors\n"
        "  - {name: after, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert [line for line in theatre.told if "after" in line] == ["h1 after changed", "h2 after changed"]


def test_errors_cleared_in_always_leave_an_outer_rescue_nothing_to_do(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n"
        "    - block:\n      - {command: fail}\n      always:\n      - meta: clear_host_errors\n"
        "    - {name: next, command: ok}\n"
        "    rescue:\n    - {name: rescue, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert not [line for line in theatre.told if "rescue" in line]
    assert [line for line in theatre.told if "next" in line] == ["h1 next changed", "h2 next changed"]


def test_hosts_out_of_reach_are_tried_again_once_errors_are_cleared(theatre: Theatre) -> None:
    theatre.run(play("  - {command: die@h2}\n  - meta: clear_host_errors\n  - {name: after, command: ok}\n"))
    assert sorted(line for line in theatre.told if "after" in line) == ["h1 after changed", "h2 after unreachable"]


# ---------------------------------------------------------------------- what counts as failed


def test_a_failed_handler_counts_as_failed_though_the_rescue_around_its_flush_runs(theatre: Theatre) -> None:
    tasks = (
        "  - {command: ok, notify: h}\n"
        "  - block:\n    - meta: flush_handlers\n"
        "    rescue:\n    - {name: r, debug: {msg: '{{ ansible_failed_task.name | default(0) }}'}}\n"
    )
    theatre.run(play(tasks, handlers="  - {name: h, command: fail}\n"))
    assert theatre.said("h1") == ["0"]
    recap = Recap()
    for happened in theatre.recorder.events:
        recap.add(happened)
    assert (recap.stats["h1"].failed, recap.stats["h1"].rescued) == (1, 0)


def test_where_handlers_are_forced_a_failed_one_is_rescued(theatre: Theatre) -> None:
    block = "  - block:\n    - meta: flush_handlers\n    rescue:\n    - {name: r, command: ok}\n"
    tasks = f"  - {{command: ok, notify: h}}\n{block}"
    theatre.run(play(tasks, "  force_handlers: true\n", "  - {name: h, command: fail}\n"))
    recap = Recap()
    for happened in theatre.recorder.events:
        recap.add(happened)
    assert (recap.stats["h1"].failed, recap.stats["h1"].rescued) == (0, 1)


def test_what_a_flush_left_over_is_forced_at_the_end_of_the_section_and_not_again(theatre: Theatre) -> None:
    listening = [("a", "fail"), ("b", "ok"), ("c", "fail"), ("d", "ok")]
    handlers = "".join(f"  - {{name: {name}, command: {word}, listen: t}}\n" for name, word in listening)
    tasks = "  - {name: n, command: ok, notify: t}\n  - meta: flush_handlers\n  - {name: z, command: ok}\n"
    theatre.run(play(tasks, "  force_handlers: true\n", handlers))
    assert theatre.on("h1") == ["n changed", "a failed", "b changed", "c failed"]


def test_a_handler_that_one_host_runs_for_all_by_a_template_is_owed_by_none_of_them(theatre: Theatre) -> None:
    tasks = "  - {name: n, command: ok, notify: h}\n  - meta: flush_handlers\n"
    theatre.run(play(tasks, "", "  - {name: h, command: ok, run_once: '{{ true }}'}\n"))
    assert [line for line in theatre.told if " h " in line] == ["h1 h changed"]


def test_a_role_imported_in_a_rescue_makes_it_one_though_none_of_its_tasks_was_selected(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {name: a, command: fail}\n"
        "    rescue:\n    - {import_role: {name: r}, tags: [red]}\n"
        "  - {name: z, command: ok}\n"
    )
    theatre.run(play(tasks), {"roles/r/tasks/main.yml": "- {name: in, command: ok}\n"}, skip_tags=("red",))
    assert theatre.on("h1") == ["a failed", "z changed"]


def test_a_batch_whose_hosts_all_failed_before_is_told_of(theatre: Theatre) -> None:
    text = play("  - {command: fail@h2}\n") + play("  - {command: ok}\n", "  serial: 1\n")
    theatre.run(text)
    begun = [(e.batch, e.hosts) for e in theatre.recorder.events if isinstance(e, PlayStarted)]
    assert begun == [(0, ("h1", "h2")), (0, ("h1",)), (1, ())]


def test_hosts_that_failed_before_count_for_the_size_of_a_batch(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\nh4\n"
    second = play("  - {command: fail@h2}\n  - {name: go, command: ok}\n", "  max_fail_percentage: 26\n")
    theatre.run(play("  - {command: fail@h1}\n") + second)
    assert sorted(line for line in theatre.told if " go " in line) == ["h3 go changed", "h4 go changed"]


def test_a_wrong_condition_is_named_beside_the_result(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, changed_when: nowhere}\n"))
    assert "nowhere" in theatre.result("a")["changed_when_result"]


def test_conditions_see_the_number_of_the_try(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, until: r.attempts == 2, retries: 3, delay: 0, register: r}\n"))
    assert theatre.result("a")["attempts"] == 2


def test_failed_when_has_the_last_word_after_all_tries(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, until: false, retries: 1, delay: 0, failed_when: false}\n"))
    assert theatre.told == ["h1 a changed", "h2 a changed"]


def test_an_item_sees_the_result_of_the_one_before_it(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: 'ok {{ item }}', loop: [1, 2, 3], when: r is not defined, register: r}\n"
    theatre.run(play(tasks))
    assert [r.get("skipped", False) for r in theatre.result("a")["results"]] == [False, True, True]


def test_ignore_errors_must_hold_for_every_item_that_failed(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: fail, loop: [true, false], ignore_errors: '{{ item }}'}\n"))
    assert theatre.told == ["h1 a failed", "h2 a failed"]


def test_an_include_that_fails_ends_all_hosts_where_errors_are_fatal(theatre: Theatre) -> None:
    tasks = (
        "  - {name: i, include_tasks: '{{ x }}.yml', when: \"inventory_hostname == 'h2'\"}\n"
        "  - {name: after, command: ok}\n"
    )
    theatre.run(play(tasks, "  any_errors_fatal: true\n"), extra_vars={"x": "nowhere"})
    assert not [line for line in theatre.told if "after" in line]


def test_a_rescue_of_which_nothing_is_selected_rescues_nothing(theatre: Theatre) -> None:
    tasks = (
        "  - block:\n    - {command: fail}\n    rescue:\n    - {name: r, command: ok, tags: never}\n"
        "  - {name: after, command: ok}\n"
    )
    theatre.run(play(tasks))
    assert not [line for line in theatre.told if "after" in line]


# ---------------------------------------------------------------------- handlers, hosts, loops over includes


def test_of_listeners_of_one_name_the_play_is_heard_before_its_roles(theatre: Theatre) -> None:
    text = play(
        "  - {command: ok, notify: topic}\n", "  roles: [r]\n", "  - {name: x, listen: topic, command: ok play}\n"
    )
    theatre.run(text, {"roles/r/handlers/main.yml": "- {name: x, listen: topic, command: ok role}\n"})
    assert "h1 ok play" in theatre.commands
    assert "h1 ok role" not in theatre.commands


def test_a_missing_handler_may_be_worth_a_warning_only(theatre: Theatre) -> None:
    tasks = "  - {name: a, command: ok, notify: '{{ x }}'}\n"
    theatre.run(play(tasks), extra_vars={"x": "nobody"}, policy=Policy(missing_handler_fails=False))
    assert theatre.told == ["h1 a changed", "h2 a changed"]
    assert any("nobody" in note for note in theatre.notes)


def test_hosts_and_groups_made_while_running_outlive_a_fresh_inventory(theatre: Theatre) -> None:
    text = play("  - add_host: {name: new, groups: fresh}\n  - meta: refresh_inventory\n")
    theatre.run(text + f"- hosts: fresh\n{FACTS_OFF}  tasks:\n  - {{name: z, command: ok}}\n")
    assert [line for line in theatre.told if " z " in line] == ["new z changed"]


def test_hosts_come_together_between_the_items_of_an_include(theatre: Theatre) -> None:
    tasks = "  - {include_tasks: t.yml, loop: [1, 2, 3]}\n"
    theatre.run(play(tasks), {"t.yml": "- {name: once, command: 'ok {{ item }}', run_once: '{{ 1 == 1 }}'}\n"})
    assert [line for line in theatre.told if "once" in line] == ["h1 once changed"] * 3


@pytest.mark.parametrize(
    ("task", "seen"),
    [
        ("{set_fact: {v: 1}, failed_when: true, ignore_errors: true}", "v is defined"),
        ("{set_fact: {v: 1}, until: false, retries: 1, delay: 0, ignore_errors: true}", "v is defined"),
        ("{set_fact: {v: 1}, loop: [1, 2], failed_when: item == 2, ignore_errors: true}", "v is defined"),
        ("{group_by: {key: dyn}, failed_when: true, ignore_errors: true}", "'dyn' in groups"),
        ("{add_host: {name: new, groups: dyn}, failed_when: true, ignore_errors: true}", "'dyn' in groups"),
    ],
)
def test_a_task_that_failed_brings_no_facts_hosts_and_groups(theatre: Theatre, task: str, seen: str) -> None:
    theatre.run(play(f'  - {task}\n  - {{debug: {{msg: "{{{{ {seen} }}}}"}}}}\n'))
    assert theatre.said("h1") == [False]
