"""Sessions by connection plugins: modules and commands through a plugin that only runs commands and copies files."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Lost, Unreachable
from provisioner.model.call import ABOUT_CONNECTION, Reply, Request
from provisioner.model.target import Become, Plugin, Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from tests.support import plugin_ansible
from tests.support.talk import Talk, transport_threads

COUNTING = plugin_ansible.HERE.replace(
    '    transport = "here"\n',
    '    transport = "here"\n    runs = resets = 0\n\n    def reset(self):\n        self.resets += 1\n',
).replace(
    "        done = subprocess",
    "        self.runs += 1\n"
    '        cmd = cmd.replace("RUNS", "%d %d" % (self.runs, self.resets))\n'
    "        done = subprocess",
)
WITHOUT_INPUT = plugin_ansible.HERE.replace("has_pipelining = True", "has_pipelining = False").replace(
    "input=in_data or b", "input=b"
)
ANSWERS = plugin_ansible.HERE.replace(
    "return done.returncode, done.stdout, done.stderr", "return 0, '{\"msg\": 1}', ''"
)
BREAKS_OFF = plugin_ansible.HERE.replace("done.stdout, done", "done.stdout[:-20], done")
SILENT = plugin_ansible.HERE.replace("return done.returncode, done.stdout, done.stderr", "return 5, b'', b'no entry'")
FAILS = plugin_ansible.HERE.replace(
    "        done =",
    "        from ansible.errors import AnsibleError\n        raise AnsibleError('broken')\n        done =",
)
AWAY = FAILS.replace("AnsibleError", "AnsibleConnectionFailure")


@pytest.fixture(name="far")
def by_a_plugin(tmp_path: Path) -> Target:
    folders = plugin_ansible.write(
        tmp_path / "connection_plugins", here=plugin_ansible.HERE, counting=COUNTING, without_input=WITHOUT_INPUT,
        answers=ANSWERS, breaks_off=BREAKS_OFF, silent=SILENT, fails=FAILS, away=AWAY,
    )  # fmt: skip
    plugin = Plugin("here", plugin_ansible.interpreter(tmp_path), folders)
    return Target("far", connection="here", python=sys.executable, plugin=plugin)


@pytest.fixture(name="talk")
def sessions_by_a_plugin(sources: ModuleSources, far: Target) -> Iterator[Talk]:
    talk = Talk(sources, far, Limits(close_s=3.0))
    yield talk
    talk.sessions.close()
    assert transport_threads() == []


def named(target: Target, name: str, **changes: str) -> Target:
    assert target.plugin is not None
    return replace(target, plugin=replace(target.plugin, name=name, **changes))


def test_modules_run_through_a_plugin_with_bodies_both_ways(talk: Talk, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    (tmp_path / "body").write_bytes(data)
    reply = talk.ask(Request("probe", {"attach": 1600}, body=tmp_path / "body", reply_path=tmp_path / "back"))
    assert reply.result is not None, reply.error
    assert reply.result["sha1"] == hashlib.sha1(data, usedforsecurity=False).hexdigest()
    assert (tmp_path / "back").read_bytes() == b"0123456789abcdef" * 100
    assert reply.interpreter == sys.executable


def test_requests_that_wait_are_answered_in_order_and_a_failure_drops_the_rest_of_its_chain(talk: Talk) -> None:
    requests = [
        Request("probe", {"emit": ["one"]}, chain="c", link="1"),
        Request("probe", {"fail": "no"}, chain="c", link="2"),
        Request("probe", {}, chain="c", link="3"),
        Request("probe", {}, chain="d", link="3"),
    ]
    first, second, third, fourth = talk.ask_all(requests)
    assert (first.result or {}).get("changed") is True
    assert (second.result or {}).get("msg") == "no"
    assert third.dropped
    assert not fourth.dropped
    assert talk.ask(Request("probe", {}, chain="c", link="4")).dropped  # also in what is sent later
    assert not talk.ask(Request("probe", {}, chain="c", link="2")).dropped


def test_a_chain_that_is_broken_from_here_is_dropped_but_for_one_link(talk: Talk) -> None:
    talk.session().break_chain("c", "1")
    assert talk.ask(Request("probe", {}, chain="c", link="2")).dropped
    assert not talk.ask(Request("probe", {}, chain="c", link="1")).dropped


def test_what_a_module_says_while_it_runs_is_told(talk: Talk) -> None:
    said: list[tuple[str, str]] = []
    replies: list[Reply] = []
    talk.session().submit(
        Request("probe", {"emit": ["a", "b"]}), replies.append, lambda stream, text: said.append((stream, text))
    )
    talk.ask(Request("probe", {}))
    assert said == [("stdout", "a"), ("stdout", "b")]


def test_raw_commands_are_passed_on_as_they_are(talk: Talk) -> None:
    reply = talk.raw("cat; echo no >&2; exit 4", stdin=b"given")
    assert reply.result == {"rc": 4, "stdout": "given", "stderr": "no\n"}


def test_another_user_is_become_by_the_plugins_means(talk: Talk) -> None:
    assert (talk.raw("echo $AS", Become("other")).result or {})["stdout"] == "other\n"
    assert (talk.raw("echo [$AS]").result or {})["stdout"] == "[]\n"


def test_one_plugin_serves_all_that_goes_to_a_target_until_it_is_reset(talk: Talk, far: Target) -> None:
    talk.target = named(far, "counting")
    said = [(talk.raw("echo RUNS", become).result or {})["stdout"] for become in (None, Become("x"), None)]
    talk.sessions.reset("far")
    said.append((talk.raw("echo RUNS").result or {})["stdout"])
    assert said == ["1 0\n", "2 0\n", "3 0\n", "4 1\n"]


@pytest.mark.parametrize("is_wanted", [True, False])
def test_without_input_for_commands_modules_are_put_there_as_files_that_are_removed_again(
    talk: Talk, far: Target, tmp_path: Path, is_wanted: bool
) -> None:
    folder = tmp_path / "far tmp"
    given = {"ansible_remote_tmp": str(folder), **({} if is_wanted else {"ansible_pipelining": False})}
    talk.target = named(far, "without_input" if is_wanted else "here", variables=json.dumps(given))
    reply = talk.ask(Request("probe", {"fail": "as it should"}))
    assert (reply.result or {})["msg"] == "as it should"
    assert list(folder.iterdir()) == []


def test_a_plugin_may_answer_modules_by_itself(talk: Talk, far: Target) -> None:
    talk.target = named(far, "answers")
    assert talk.ask(Request("probe", {})).result == {"msg": 1}


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("silent", Unreachable, "the worker did not come up: the command ended with status 5\n    it said: no entry"),
        ("breaks_off", Lost, "whether it was done is not known"),
        ("away", Unreachable, "broken"),
    ],
)
def test_what_is_not_known_of_a_host_is_told_apart(
    talk: Talk, far: Target, name: str, kind: type[Exception], text: str
) -> None:
    talk.target = named(far, name)
    reply = talk.ask(Request("probe", {}))
    assert isinstance(reply.error, kind)
    assert text in str(reply.error)


def test_a_plugin_that_fails_fails_the_task_and_breaks_its_chain(talk: Talk, far: Target) -> None:
    talk.target = named(far, "fails")
    first, second = talk.ask_all([Request("probe", {}, chain="c", link=link) for link in ("1", "2")])
    assert first.result == {"failed": True, "changed": False, "msg": "broken"}
    assert second.dropped
    assert talk.raw("id").result == {"failed": True, "changed": False, "msg": "broken"}


def test_a_host_whose_shell_is_powershell_is_refused_modules_but_not_raw_commands(talk: Talk, far: Target) -> None:
    talk.target = named(far, "here", shell="powershell")
    assert "PowerShell" in str((talk.ask(Request("probe", {})).result or {})["msg"])
    assert (talk.raw("echo hi").result or {})["stdout"] == "hi\n"


def test_no_python_that_is_new_enough_is_said_so(talk: Talk, far: Target) -> None:
    talk.target = replace(far, python="/nowhere/python")
    reply = talk.ask(Request("probe", {}))
    assert "no Python 3.6 or newer found" in str(reply.error)
    assert str(reply.error).startswith("host far (by here)")


def test_the_plugin_says_what_it_is_and_what_its_options_are(talk: Talk, far: Target) -> None:
    talk.target = named(far, "here", shell="powershell", variables='{"ansible_word": "w"}')
    assert (talk.ask(Request(ABOUT_CONNECTION, {})).result or {})["shell"] == "powershell"
    assert talk.ask(Request(ABOUT_CONNECTION, {"option": "word"})).result == {"value": "w"}
    assert (talk.ask(Request(ABOUT_CONNECTION, {"option": "none"})).result or {})["failed"] is True


def test_passwords_do_not_stand_in_what_a_plugin_raises(talk: Talk, far: Target, tmp_path: Path) -> None:
    plugin_ansible.write(tmp_path / "connection_plugins", tells=AWAY.replace("'broken'", "'pass is secret1'"))
    talk.target = replace(named(far, "tells"), password="secret1")
    assert str(talk.ask(Request("probe", {})).error) == "pass is ********"


def test_when_the_run_is_over_nothing_more_is_begun(talk: Talk) -> None:
    session = talk.session()
    talk.sessions.close()
    replies: list[Reply] = []
    session.submit(Request("probe", {}), replies.append)
    while not replies:
        time.sleep(0.01)
    assert "the run is over" in str(replies[0].error)
