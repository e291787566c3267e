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
