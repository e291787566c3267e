"""Action plugins of the user's own: what they are given, what they ask of hosts, what becomes of what they return."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.model.call import Reply
from provisioner.model.event import OperationFinished
from tests.support.theatre import Theatre

HEAD = """\
from ansible.errors import AnsibleActionFail, AnsibleActionSkip
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(("x",))

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
"""


def plugin(*lines: str) -> dict[str, str]:
    return {"action_plugins/mine.py": HEAD + "".join(f"        {line}\n" for line in lines)}


def play(tasks: str, more: str = "") -> str:
    return f"- hosts: h1\n  gather_facts: false\n{more}  tasks:\n{tasks}"


def result_of(theatre: Theatre, *lines: str, args: str = "{x: 1}", more: str = "") -> dict[str, Any]:
    theatre.run(play(f"  - {{name: a, mine: {args}, ignore_errors: true}}\n", more), plugin(*lines))
    return theatre.result("a")


def test_a_plugin_sees_its_arguments_and_variables_and_renders_templates(theatre: Theatre) -> None:
    found = result_of(
        theatre,
        "result['x'] = self._task.args['x']",
        "result['host'] = task_vars['inventory_hostname']",
        "result['raw'] = task_vars['twice']",
        "result['twice'] = self._templar.template('{{ twice }}')",
        "return result",
        args="{x: '{{ one }}'}",
        more="  vars: {one: 1, twice: '{{ one * 2 }}'}\n",
    )
    assert (found["x"], found["host"], found["raw"], found["twice"]) == (1, "h1", "{{ one * 2 }}", "2")
    assert found["changed"] is False


def test_plugins_in_a_configured_folder_are_found_also_under_action(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_ACTION_PLUGINS", str(theatre.folder / "elsewhere"))
    text = plugin("return {'here': 1}")["action_plugins/mine.py"]
    theatre.run(play("  - {name: a, action: mine}\n"), {"elsewhere/mine.py": text})
    assert theatre.result("a")["here"] == 1


def test_the_folder_of_what_was_kept_on_the_host_is_the_shells(theatre: Theatre) -> None:
    theatre.script = lambda _host, _request: Reply(result={"changed": False}, folder="/kept/here")
    found = result_of(
        theatre, "self._execute_module(module_name='ping')", "return {'t': self._connection._shell.tmpdir}"
    )
    assert found["t"] == "/kept/here"


def test_what_a_plugin_runs_on_the_host_goes_the_way_of_all_calls(theatre: Theatre) -> None:
    theatre.script = lambda _host, request: {"changed": True, "said": request.params.get("_raw_params")}
    found = result_of(
        theatre, "return self._execute_module(module_name='command', module_args={'_raw_params': 'echo hi'})"
    )
    assert found["said"] == "echo hi"
    assert [(host, request.module) for host, request in theatre.sessions.ran] == [("h1", "command")]


def test_commands_of_a_plugin_run_in_check_mode_too(theatre: Theatre) -> None:
    theatre.script = lambda _host, _request: {"rc": 0, "stdout": "0\n", "stderr": ""}
    tasks = play("  - {name: a, mine: {}}\n")
    theatre.run(tasks, plugin("return dict(result, low=self._low_level_execute_command('id -u'))"), check=True)
    assert theatre.result("a")["low"]["stdout"] == "0\n"
    assert [request.check for _host, request in theatre.sessions.ran] == [False]


@pytest.mark.parametrize(
    ("line", "args", "expected"),
    [
        ("raise AnsibleActionFail('no way', result={'a': 1})", "{}", {"failed": True, "msg": "no way", "a": 1}),
        ("raise AnsibleActionSkip('not here')", "{}", {"skipped": True, "msg": "not here"}),
        ("raise ValueError('boom')", "{}", {"msg": "Unexpected failure during module execution: boom"}),
        ("return result", "{y: 1}", {"failed": True, "msg": "Invalid options for mine: y"}),
        ("return 5", "{}", {"failed": True, "msg": "the action plugin returned int, and not a dictionary"}),
    ],
)
def test_what_a_plugin_raises_or_returns_decides(
    theatre: Theatre, line: str, args: str, expected: dict[str, Any]
) -> None:
    found = result_of(theatre, line, args=args)
    assert {name: found.get(name) for name in expected} == expected


def test_a_plugin_runs_for_every_item_of_a_loop(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, mine: {x: '{{ item }}'}, loop: [1, 2]}\n"), plugin("return {'x': self._task.args['x']}")
    )
    assert [item["x"] for item in theatre.result("a")["results"]] == [1, 2]


def test_a_plugin_of_ones_own_wins_over_an_action_of_ours(theatre: Theatre) -> None:
    text = plugin("return {'msg': 'mine'}")["action_plugins/mine.py"].replace('"x",', '"x", "msg"')
    theatre.run(play("  - {name: a, debug: {msg: theirs}}\n"), {"action_plugins/debug.py": text})
    assert theatre.result("a")["msg"] == "mine"


def test_a_plugin_may_have_an_action_of_ours_do_its_work(theatre: Theatre) -> None:
    found = result_of(
        theatre,
        "self._task.args = {'msg': 'by another'}",
        "loader = self._shared_loader_obj.action_loader",
        "other = loader.get('ansible.legacy.debug', task=self._task, connection=self._connection)",
        "return other.run(task_vars=task_vars)",
    )
    assert found["msg"] == "by another"


def test_a_result_that_a_plugin_says_is_secret_is_not_shown(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, mine: {}}\n"), plugin("return {'msg': 'hidden', '_ansible_no_log': True}"))
    (finished,) = theatre.recorder.of(OperationFinished)
    assert (finished.no_log, finished.told_by_items) == (True, False)


SECRET = plugin("return {'msg': 'hidden', '_ansible_no_log': True}")


def test_a_loop_is_hidden_by_its_items_where_only_these_say_that_they_are_secret(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, mine: {}, loop: [1, 2]}\n"), SECRET)
    (finished,) = theatre.recorder.of(OperationFinished)
    assert (finished.no_log, finished.told_by_items) == (True, True)


def test_a_loop_is_hidden_as_a_whole_where_the_task_says_so(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, mine: {}, loop: [1, 2], no_log: '{{ item == 2 }}'}\n"), SECRET)
    (finished,) = theatre.recorder.of(OperationFinished)
    assert (finished.no_log, finished.told_by_items) == (True, False)


def test_a_plugin_that_cannot_be_imported_fails_its_task_and_is_named(theatre: Theatre) -> None:
    theatre.run(
        play("  - {name: a, mine: {}, ignore_errors: true}\n"),
        {"action_plugins/mine.py": "from ansible.nowhere import x\n"},
    )
    assert "action_plugins/mine.py cannot be imported" in theatre.result("a")["msg"]
    assert theatre.sessions.ran == []
