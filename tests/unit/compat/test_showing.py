"""Which callbacks are shown as what, and what their settings change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.compat.conftest import Started

TASKS = """\
  - {name: good, debug: msg=hi}
  - {name: skipped, debug: msg=no, when: false}
  - {name: bad, fail: msg=no, ignore_errors: true}
"""


def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("callback", "line"),
    [
        ("minimal", 'h1 | FAILED! => {\n    "changed": false,\n    "msg": "no"\n}'),
        ("ansible.builtin.oneline", 'h1 | FAILED! => {"changed": false,"msg": "no"}'),
        ("community.general.yaml", "fatal: [h1]: FAILED! => \n    changed: false\n    msg: 'no'"),
        ("default", 'fatal: [h1]: FAILED! => {"changed": false, "msg": "no"}'),
    ],
)
def test_a_callback_is_shown_by_what_does_the_same(
    start: Started, monkeypatch: pytest.MonkeyPatch, callback: str, line: str
) -> None:
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK=callback)
    said = start("ansible-playbook", tasks=TASKS)
    assert said.code == 0
    assert line in said.out


def test_the_json_callback_is_one_document(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    document = json.loads(start("ansible-playbook", tasks=TASKS).out)
    assert [task["task"]["name"] for task in document["plays"][0]["tasks"]] == ["good", "skipped", "bad"]
    assert document["plays"][0]["tasks"][0]["hosts"]["h1"]["msg"] == "hi"
    assert document["stats"]["h1"]["ignored"] == 1


def test_the_null_callback_says_nothing(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK="null")
    assert start("ansible-playbook", tasks=TASKS).out == ""


def test_a_callback_of_ones_own_is_named_and_the_default_output_shown(
    start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK="my_own")
    said = start("ansible-playbook", tasks=TASKS)
    assert "the callback my_own is not available here" in said.err
    assert "PLAY RECAP" in said.out


def test_hosts_that_are_skipped_or_ok_can_be_hidden_with_their_headlines(
    start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, ANSIBLE_DISPLAY_SKIPPED_HOSTS="0", ANSIBLE_DISPLAY_OK_HOSTS="0")
    said = start("ansible-playbook", tasks=TASKS)
    assert "TASK [good]" not in said.out
    assert "TASK [skipped]" not in said.out
    assert "TASK [bad]" in said.out


def test_failures_can_go_to_standard_error(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_DISPLAY_FAILED_STDERR="1")
    said = start("ansible-playbook", tasks=TASKS)
    assert "fatal: [h1]" not in said.out
    assert said.err == 'fatal: [h1]: FAILED! => {"changed": false, "msg": "no"}\n'


def test_check_mode_can_be_marked(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_CHECK_MODE_MARKERS="1")
    out = start("ansible-playbook", "--check", tasks=TASKS).out
    assert out.startswith("\nDRY RUN ***")
    assert "PLAY [h1] [CHECK MODE] ***" in out
    assert "TASK [good] [CHECK MODE] ***" in out
    assert out.count("DRY RUN") == 2


def test_the_path_of_a_failed_task_can_be_shown(place: Path, start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_SHOW_TASK_PATH_ON_FAILURE="1")
    assert f"task path: {place}/site.yml:6\nfatal: [h1]" in start("ansible-playbook", tasks=TASKS).out


def test_callbacks_that_listen_besides_add_their_lines(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ANSIBLE_CALLBACKS_ENABLED="timer,ansible.posix.profile_tasks")
    out = start("ansible-playbook", tasks=TASKS).out
    assert "Playbook run took 0 days, 0 hours, 0 minutes, " in out
    assert "\ngood ---" in out


def test_a_junit_report_is_written_where_its_setting_says(
    place: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, ANSIBLE_CALLBACKS_ENABLED="junit", JUNIT_OUTPUT_DIR=str(place / "reports"))
    start("ansible-playbook", tasks=TASKS)
    (report,) = (place / "reports").iterdir()
    assert report.name.startswith("site-")
    assert "<testsuite " in report.read_text()


def test_a_log_file_gets_every_line_with_its_level(
    place: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch, ANSIBLE_LOG_PATH=str(place / "log"), ANSIBLE_LOG_VERBOSITY="3")
    said = start("ansible-playbook", tasks=TASKS)
    log = (place / "log").read_text()
    assert " n=ansible INFO| TASK [good] ***" in log
    assert "<h1> EXEC debug" in log
    assert "EXEC" not in said.out


def test_verbosity_shows_results_paths_and_the_configuration(place: Path, start: Started) -> None:
    out = start("ansible-playbook", "-vv", tasks="  - {name: good, set_fact: {x: 1}}\n").out
    assert out.startswith(f"Using {place}/ansible.cfg as config file\n")
    assert "PLAYBOOK: site.yml ***" in out
    assert f"task path: {place}/site.yml:4" in out
    assert 'ok: [h1] => {"ansible_facts": {"x": 1}, "changed": false}' in out


HEARS = """\
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "{kind}"
    CALLBACK_NAME = "heard"
    {more}

    def v2_playbook_on_play_start(self, play):
        self._display.display("play " + play.get_name())

    def v2_runner_on_ok(self, result):
        self._display.display("ok %s %s %s" % (result._host.get_name(), result.task_name, result._result.get("msg")))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._display.display("failed %s %s" % (result._result["msg"], ignore_errors))

    def v2_playbook_on_stats(self, stats):
        self._display.display("stats %s" % stats.summarize("h1"))
"""
HEARD = ["play h1", "ok h1 good hi", "failed no True"]


def heard(place: Path, kind: str = "notification", more: str = "") -> None:
    (place / "callback_plugins").mkdir()
    (place / "callback_plugins" / "heard.py").write_text(HEARS.format(kind=kind, more=more))


def test_a_callback_plugin_beside_the_playbook_listens_besides(start: Started, place: Path) -> None:
    heard(place)
    said = start("ansible-playbook", tasks=TASKS).out.splitlines()
    assert [line for line in said if line in HEARD] == HEARD
    assert any(line.startswith("stats ") and "'ignored': 1" in line for line in said)
    assert any(line.startswith("PLAY RECAP") for line in said)


def test_a_callback_plugin_that_needs_to_be_enabled_is_quiet_until_it_is(
    start: Started, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(place, more="CALLBACK_NEEDS_ENABLED = True")
    assert "play h1\n" not in start("ansible-playbook", tasks=TASKS).out
    environment(monkeypatch, ANSIBLE_CALLBACKS_ENABLED="heard")
    assert "play h1\n" in start("ansible-playbook", tasks=TASKS).out


def test_a_callback_plugin_can_be_the_whole_output(
    start: Started, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(place, kind="stdout")
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK="heard")
    said = start("ansible-playbook", tasks=TASKS).out.splitlines()
    assert said[:3] == HEARD
    assert said[3].startswith("stats ")
    assert len(said) == 4


def test_what_a_plugin_made_from_the_default_one_does_not_say_is_said_as_usual(
    start: Started, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "callback_plugins").mkdir()
    (place / "callback_plugins" / "mine.py").write_text(
        "from ansible.plugins.callback.default import CallbackModule as Default\n\n\n"
        "class CallbackModule(Default):\n    CALLBACK_NAME = 'mine'\n\n"
        "    def v2_runner_on_failed(self, result, ignore_errors=False):\n"
        "        self._display.display('mine: ' + result._result['msg'])\n"
    )
    usual = start("ansible-playbook", tasks=TASKS).out
    environment(monkeypatch, ANSIBLE_STDOUT_CALLBACK="mine")
    said = start("ansible-playbook", tasks=TASKS).out
    assert said.splitlines()[:8] == usual.splitlines()[:8]
    assert "mine: no\n" in said
    assert "fatal: [h1]" not in said
    assert said.splitlines()[-3:] == usual.splitlines()[-3:]


def test_a_callback_plugin_that_fails_is_named_and_the_run_goes_on(start: Started, place: Path) -> None:
    heard(place, more="\n    def v2_runner_on_skipped(self, result):\n        raise ValueError('boom')")
    said = start("ansible-playbook", tasks=TASKS)
    assert said.code == 0
    assert "Failure using method (v2_runner_on_skipped)" in said.err
