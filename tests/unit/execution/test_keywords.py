"""Keywords as they come out on a host: templates, inheritance, environment, module_defaults, check mode."""

from __future__ import annotations

import pytest

from provisioner.model import event
from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: h1\n  gather_facts: false\n{head}  tasks:\n{tasks}"


def become_users(theatre: Theatre) -> list[str | None]:
    return [become.user if become else None for _, become in theatre.sessions.workers]


def test_become_is_inherited_and_can_be_taken_back(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - command: ok\n  - {command: ok, become: false}\n  - {command: ok, become_user: www}\n",
            "  become: true\n",
        )
    )
    assert become_users(theatre) == ["root", None, "www"]


def test_become_may_be_a_template(theatre: Theatre) -> None:
    theatre.run(
        play("  - {command: ok, become: '{{ yes_please }}', become_user: '{{ who }}'}\n"),
        extra_vars={"yes_please": True, "who": "ann"},
    )
    assert become_users(theatre) == ["ann"]


def test_connection_variables_win_over_keywords(theatre: Theatre) -> None:
    theatre.inventory = "h1 ansible_become_user=inventory ansible_user=bob\n"
    theatre.run(play("  - {command: ok, become: true, become_user: task, remote_user: task}\n"))
    assert become_users(theatre) == ["inventory"]
    assert [t.user for t, _ in theatre.sessions.workers] == ["bob"]


def test_passwords_that_come_from_variables_are_kept_secret(theatre: Theatre) -> None:
    theatre.inventory = "h1 ansible_become_password=hush ansible_password=hist\n"
    theatre.run(play("  - {command: ok, become: true}\n"))
    assert {"hush", "hist"} <= set(theatre.secrets)


def test_environments_are_merged_from_the_outside_in(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - environment: {B: block, C: block}\n    block:\n"
            "    - {command: ok, environment: [{C: task}, {D: '{{ d }}'}]}\n",
            "  environment: {A: play, B: play}\n",
        ),
        extra_vars={"d": 4},
    )
    assert theatre.sessions.ran[0][1].environment == {"A": "play", "B": "block", "C": "task", "D": "4"}


def test_an_environment_that_is_no_dictionary_is_an_error(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, environment: '{{ e }}'}\n"), extra_vars={"e": "A=1"})
    assert theatre.on("h1") == ["a failed"]
    assert "environment" in theatre.result("a")["msg"]


def test_module_defaults_fill_in_what_the_task_does_not_say(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - {file: {path: /x}}\n  - {file: {path: /y, mode: '0600'}}\n"
            "  - module_defaults: {ansible.builtin.file: {owner: inner}}\n    block:\n    - {file: {path: /z}}\n",
            "  module_defaults: {file: {mode: '0644', owner: '{{ o }}'}}\n",
        ),
        extra_vars={"o": "ann"},
    )
    shown = [(r.params.get("mode"), r.params.get("owner")) for _, r in theatre.sessions.ran]
    assert shown == [("0644", "ann"), ("0600", "ann"), (None, "inner")]


def test_module_defaults_further_in_replace_those_of_the_same_module_as_a_whole(theatre: Theatre) -> None:
    tasks = "  - {debug: }\n  - {debug: , module_defaults: {debug: {}}}\n"
    theatre.run(play(tasks, "  module_defaults: {ansible.builtin.debug: {msg: default}}\n"))
    assert theatre.said("h1") == ["default", "Hello world!"]


def test_a_module_that_may_lie_beside_the_playbook_has_no_defaults_of_the_built_in_one(theatre: Theatre) -> None:
    tasks = "  - {ansible.legacy.debug: }\n  - {ansible.builtin.debug: }\n"
    theatre.run(play(tasks, "  module_defaults: {ansible.builtin.debug: {msg: built-in}}\n"))
    theatre.run(play(tasks, "  module_defaults: {ansible.legacy.debug: {msg: legacy}}\n"))
    assert theatre.said("h1") == ["Hello world!", "built-in", "legacy", "legacy"]


def test_module_defaults_follow_the_redirects_of_a_collection(theatre: Theatre) -> None:
    home = "collections/ansible_collections/ns/coll"
    routing = "plugin_routing:\n  modules:\n    old: {redirect: ns.coll.new}\n    seen: {action_plugin: ns.coll.acts}\n"
    plugin = (
        "from ansible.plugins.action import ActionBase\n"
        "class ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        return {'changed': False, 'args': dict(self._task.args)}\n"
    )
    files = {
        f"{home}/meta/runtime.yml": routing,
        **{f"{home}/plugins/action/{name}.py": plugin for name in ("new", "acts")},
        **{f"{home}/plugins/modules/{name}.py": "" for name in ("new", "seen")},
    }
    tasks = (
        "  - {name: a, ns.coll.new: {x: 1}, module_defaults: {ns.coll.old: {y: 2}}}\n"
        "  - {name: b, ns.coll.old: {x: 1}, module_defaults: {ns.coll.new: {y: 2}}}\n"
        "  - {name: c, ns.coll.seen: {x: 1}, module_defaults: {ns.coll.seen: {y: 2}, ns.coll.acts: {y: 3}}}\n"
    )
    theatre.run(play(tasks), files)
    assert [theatre.result(name)["args"] for name in "abc"] == [{"x": 1, "y": 2}] * 3


def test_omitted_arguments_are_left_out(theatre: Theatre) -> None:
    theatre.run(play("  - {file: {path: /x, owner: '{{ nobody | default(omit) }}'}}\n"))
    assert "owner" not in theatre.sessions.ran[0][1].params


def test_check_mode_of_the_run_and_of_the_task(theatre: Theatre) -> None:
    theatre.run(play("  - command: ok\n  - {command: ok, check_mode: false}\n"), check=True)
    assert [r.check for _, r in theatre.sessions.ran] == [True, False]
    theatre.sessions.ran.clear()
    theatre.run(play("  - command: ok\n  - {command: ok, check_mode: '{{ true }}'}\n"))
    assert [r.check for _, r in theatre.sessions.ran] == [False, True]


def test_diff_is_asked_for_by_the_run_or_the_task(theatre: Theatre) -> None:
    theatre.run(play("  - command: ok\n  - {command: ok, diff: true}\n"))
    assert [r.diff for _, r in theatre.sessions.ran] == [False, True]


def test_no_log_marks_every_event_of_the_task(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, command: ok, loop: [1], no_log: true}\n  - {name: b, command: ok, no_log: '{{ hide }}'}\n"),
        extra_vars={"hide": True},
    )
    assert [e.no_log for e in theatre.recorder.of(event.OperationFinished)] == [True, True]
    assert all(e.no_log for e in theatre.recorder.of(event.ItemFinished))


@pytest.mark.parametrize(
    ("no_log", "hidden"),
    [
        ("true", [True, True]),
        ("'{{ item == 2 }}'", [False, True]),
        ("'{{ false }}'", [False, False]),
        ("'{{ nowhere }}'", [True, True]),
    ],
)
def test_no_log_is_asked_of_skipped_items_too(theatre: Theatre, no_log: str, hidden: list[bool]) -> None:
    theatre.run(play("  - {name: a, command: ok, loop: [1, 2], when: false, no_log: " + no_log + "}\n"))
    assert [e.no_log for e in theatre.recorder.of(event.ItemFinished)] == hidden


def test_no_log_whose_template_cannot_be_rendered_keeps_the_secret(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, no_log: '{{ nowhere }}'}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert theatre.recorder.of(event.OperationFinished)[-1].no_log


def test_a_truth_value_that_is_none_is_told(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, ignore_errors: '{{ word }}'}\n"), extra_vars={"word": "maybe"})
    assert theatre.on("h1") == ["a failed"]
    assert "ignore_errors" in theatre.result("a")["msg"]


def test_conditions_of_play_block_and_task_are_all_required(theatre: Theatre) -> None:
    tasks = (
        "  - when: x > 1\n    block:\n    - {name: a, command: ok, when: x < 3}\n"
        "    - {name: b, command: ok, when: x > 3}\n"
    )
    theatre.run(play(tasks), extra_vars={"x": 2})
    assert theatre.on("h1") == ["a changed", "b skipped"]
    assert theatre.result("b")["false_condition"] == "x > 3"


def test_a_list_of_conditions_stops_at_the_first_that_is_false(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok, when: [x is defined, x.y == 1]}\n"))
    assert theatre.on("h1") == ["a skipped"]


def test_failed_when_wins_over_the_module(theatre: Theatre) -> None:
    tasks = (
        "  - {name: a, command: fail, register: r, failed_when: r.rc > 1}\n"
        "  - {name: b, command: echo x, register: r, failed_when: [\"'x' in r.stdout\", r.rc == 0]}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a changed", "b failed"]
    assert theatre.result("b")["failed_when_result"] is True


def test_a_mistake_in_failed_when_keeps_what_the_module_said(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: echo x, failed_when: nowhere.x}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert theatre.result("a")["stdout"] == "x"


def test_a_return_code_other_than_zero_is_a_failure(theatre: Theatre) -> None:
    theatre.script = lambda _h, _r: {"rc": 3, "stdout": "a\nb"}
    theatre.run(play("  - {name: a, command: x, ignore_errors: true}\n"))
    assert theatre.on("h1") == ["a ignored"]
    assert theatre.result("a")["stdout_lines"] == ["a", "b"]


def test_a_title_may_be_a_template(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: 'on {{ inventory_hostname }}', command: ok}\n  - {name: 'x {{ nowhere }}', command: ok}\n")
    )
    assert [e.title for e in theatre.recorder.of(event.OperationStarted)] == ["on h1", "x {{ nowhere }}"]


def test_locks_let_one_host_at_a_time_in(theatre: Theatre) -> None:
    theatre.sessions.holds = lambda _h, _r: True
    most: list[int] = []
    release = theatre.sessions.release
    theatre.sessions.release = lambda: (most.append(len(theatre.sessions.held)), release())[1]  # type: ignore[method-assign, func-returns-value]
    theatre.run(
        "- hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n  - {name: a, command: ok, lock: [db]}\n"
    )
    assert max(most) == 1
    assert len(theatre.told) == 2
