"""The parts of Ansible's output: banners, wrapped warnings, results as JSON and YAML, and what each callback shows."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.model import event as e
from provisioner.model.status import Status
from provisioner.reporting.renderer import Display, EventRenderer, Settings
from provisioner.reporting.renderers import ansible, json_document, minimal, null, oneline, profile_tasks, timer, tree
from provisioner.reporting.result_text import Form, dumped, shown
from provisioner.reporting.screen import Screen, columns, wrapped
from provisioner.reporting.yaml_lines import yaml_lines


def told(module: object, events: list[e.Event], **settings: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    made = Settings(stream=out, errors=err, **settings)  # type: ignore[arg-type]
    renderer: EventRenderer = module.Renderer(made)  # type: ignore[attr-defined]
    for event in events:
        renderer.handle(event)
    renderer.close()
    return out.getvalue(), err.getvalue()


def finished(status: Status = Status.OK, **result: object) -> e.OperationFinished:
    return e.OperationFinished("o", "h1", status, result, 2.0, 1.0)


def planned(action: str, **more: object) -> e.OperationPlanned:
    return e.OperationPlanned("o", "p", "do it", action, "site.yml:3:5", **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- the screen


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1)])
def test_columns_are_counted_as_terminals_count_them(text: str, width: int) -> None:
    assert columns(text) == width


def test_a_banner_is_filled_to_the_width_and_has_three_stars_at_least() -> None:
    out = io.StringIO()
    screen = Screen(Settings(stream=out))
    screen.banner("PLAY [x]")
    screen.banner("T" * 100)
    assert out.getvalue() == "\nPLAY [x] " + "*" * 71 + "\n\n" + "T" * 100 + " ***\n"


def test_a_warning_is_wrapped_and_told_once_on_standard_error() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(Settings(stream=out, errors=err))
    text = "word " * 20
    screen.warn(text)
    screen.warn(text)
    assert out.getvalue() == ""
    assert err.getvalue() == wrapped(f"[WARNING]: {text}", 79) + "\n"
    assert all(len(line) <= 79 for line in err.getvalue().splitlines())


# ---------------------------------------------------------------------- results


def test_internal_keys_and_marks_are_not_shown() -> None:
    result = {"msg": "x", "failed": True, "_ansible_diagnosis": "y", "warnings": ["z"], "diff": {}, "invocation": {}}
    assert shown(result, "fail") == {"msg": "x"}
    assert set(shown(result, "fail", 3)) == {"msg", "diff", "invocation"}


def test_debug_shows_its_message_alone_or_its_variable() -> None:
    assert shown({"msg": "x", "changed": False, "item": 1}, "debug") == {"msg": "x"}
    assert shown({"v": 1, "changed": False, "item": 1}, "debug") == {"v": 1, "item": 1}


def test_json_is_sorted_on_one_line_and_indented_where_it_is_meant_to_be_read() -> None:
    values = {"b": "é", "a": {True: 1, None: [2]}}
    assert dumped(values, Form()) == '{"a": {"null": [2], "true": 1}, "b": "é"}'
    assert dumped({"a": 1}, Form(), is_always=True) == '{\n    "a": 1\n}'
    assert dumped({"a": 1}, Form(verbosity=3)) == '{\n    "a": 1\n}'
    assert dumped({"a": 1}, Form(pretty=False, verbosity=3)) == '{"a": 1}'


def test_yaml_leaves_out_what_is_there_twice_only_where_it_is_asked_to() -> None:
    values = {"stdout": "a", "stdout_lines": ["a"]}
    assert dumped(values, Form("yaml", pretty=False)) == "    stdout: a\n    stdout_lines:\n    - a"
    assert dumped(values, Form("yaml", pretty=True)) == "    stdout: a\n    stdout_lines: <omitted>"


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"b": 1, "a": "x"}, ["a: x", "b: 1"]),
        ({"l": ["x", {"a": 1, "b": [2]}, [3]]}, ["l:", "- x", "-   a: 1", "    b:", "    - 2", "-   - 3"]),
        ({"m": {"k": {"z": 1}}}, ["m:", "    k:", "        z: 1"]),
        ({"t": "x\n\ny\n"}, ["t: |-", "    x", "", "    y"]),
        ({"t": " x\ny"}, ["t: |4-", "     x", "    y"]),
        ({"e": [], "d": {}, "s": ""}, ["d: {}", "e: []", "s: ''"]),
        ({"t": "0:00:01.5", "y": "yes", "m": "0644"}, ["m: '0644'", "t: '0:00:01.5'", "'y': 'yes'"]),
        ({"n": None, "b": True, "f": 1.5}, ["b: true", "f: 1.5", "'n': null"]),
    ],
)
def test_yaml_has_ansibles_layout(value: object, lines: list[str]) -> None:
    assert list(yaml_lines(value)) == lines


# ---------------------------------------------------------------------- the default output


def test_hosts_that_include_the_same_share_a_line_and_items_have_their_own() -> None:
    results = [{"item": "a", "_ansible_item_label": "a"}, {"item": "b", "skipped": True}]
    done = [
        e.OperationFinished("o", host, Status.OK, {"results": results}, 1.0, effects={"includes": ["/t.yml"]})
        for host in ("h1", "h2")
    ]
    out, _ = told(ansible, [planned("include_tasks"), *done])
    assert out.endswith("included: /t.yml for h1, h2 => (item=a)\n")


def test_an_include_that_fails_is_told_on_standard_error_too() -> None:
    failed = e.OperationFinished(
        "o", "h1", Status.FAILED, {"reason": "no such file", "changed": False}, 1.0, effects={"includes": ["t.yml"]}
    )
    out, err = told(ansible, [planned("include_tasks"), failed])
    assert 'fatal: [h1]: FAILED! => {"changed": false, "reason": "no such file"}' in out
    assert err == "ERROR! no such file\n"


def test_a_difference_is_shown_where_it_is_wanted_and_something_changed() -> None:
    diff = {"before": "a\n", "after": "b\n"}
    changed = finished(Status.CHANGED, changed=True, diff=diff)
    assert "+b\n" not in told(ansible, [planned("copy"), changed])[0]
    assert "+b\n\nchanged: [h1]\n" in told(ansible, [planned("copy", diff=True), changed])[0]
    assert "+b\n" not in told(ansible, [planned("copy", diff=True), finished(changed=False, diff=diff)])[0]


def test_where_a_task_was_delegated_to_has_its_address_if_that_is_another() -> None:
    place = {"ansible_delegated_host": "h2", "ansible_host": "10.0.0.2"}
    assert "ok: [h1 -> h2(10.0.0.2)]" in told(ansible, [planned("ping"), finished(_ansible_delegated_vars=place)])[0]


def test_facts_are_not_shown_at_any_verbosity() -> None:
    out, _ = told(ansible, [planned("setup"), finished(ansible_facts={"a": 1})], verbosity=1)
    assert out.endswith("ok: [h1]\n")


def test_each_host_has_a_headline_of_its_own_for_a_task_that_steers() -> None:
    events: list[e.Event] = [planned("meta")]
    for host in ("h1", "h2"):
        events += [
            e.OperationStarted("o", host, "meta", 1.0),
            e.OperationFinished("o", host, Status.OK, {"msg": "ending play"}, 1.0),
        ]
    out, _ = told(ansible, events, verbosity=2)
    assert out.count("TASK [meta] ") == 2
    assert "META: ending play\n" in out


def test_remarks_go_where_they_belong() -> None:
    notes: list[e.Event] = [
        e.Noted("warning", "site.yml:1:1: odd", 1.0, brief="odd"),
        e.Noted("job", "ASYNC OK on h1: jid=1", 1.0),
        e.Noted("deprecation", "old", 1.0),
    ]
    out, err = told(ansible, notes)
    assert out == "ASYNC OK on h1: jid=1\n"
    assert err == "[WARNING]: odd\n[DEPRECATION WARNING]: old\n"


def test_how_long_a_pause_takes_is_output_but_no_part_of_a_document() -> None:
    paused = e.Noted("pause", "Pausing for 5 seconds", 1.0)
    assert told(ansible, [paused]) == ("Pausing for 5 seconds\n", "")
    assert told(json_document, [paused])[0].startswith("{")


def test_a_loop_that_its_items_hide_is_not_told_once_more() -> None:
    hidden = {"censored": "hidden"}
    item = e.ItemFinished("o", "h1", "a", Status.OK, hidden, 1.0, no_log=True)
    whole = e.OperationFinished("o", "h1", Status.OK, hidden, 2.0, no_log=True, told_by_items=True)
    assert told(ansible, [planned("mine"), item, whole], verbosity=1)[0].count("hidden") == 1
    again = [planned("mine"), item, replace(whole, told_by_items=False)]
    assert told(ansible, again, verbosity=1)[0].count("hidden") == 2


def test_under_strategies_without_waiting_headlines_come_with_results() -> None:
    play = e.PlayStarted("p", "web", ("h1",), 1.0, strategy="free")
    started = e.OperationStarted("o", "h1", "do it", 1.0)
    assert "TASK" not in told(ansible, [play, planned("ping"), started])[0]
    assert "TASK [do it] " in told(ansible, [play, planned("ping"), started, finished()])[0]


def test_a_play_without_hosts_says_so_only_if_its_pattern_matches_none() -> None:
    unmatched = e.PlayStarted("p", "web", (), 1.0, is_unmatched=True)
    assert told(ansible, [unmatched])[0].endswith("skipping: no hosts matched\n")
    assert "skipping" not in told(ansible, [e.PlayStarted("p", "web", (), 1.0)])[0]


def test_the_start_of_each_host_can_be_shown() -> None:
    events = [planned("ping"), e.OperationStarted("o", "h1", "do it", 1.0)]
    assert " [started TASK: do it on h1]\n" in told(ansible, events, display=Display(per_host_start=True))[0]


# ---------------------------------------------------------------------- the other callbacks


def test_minimal_shows_the_output_of_commands_as_it_is() -> None:
    done = finished(Status.FAILED, rc=3, stdout="out", stderr="err", msg="bad")
    assert told(minimal, [planned("shell"), done])[0] == "h1 | FAILED | rc=3 >>\nouterrbad\n"
    job = finished(Status.CHANGED, rc=0, stdout="", ansible_job_id="j1")
    assert "h1 | CHANGED => {" in told(minimal, [planned("shell"), job])[0]
    assert told(minimal, [planned("shell"), finished(Status.SKIPPED)])[0] == "h1 | SKIPPED\n"


def test_oneline_spells_newlines_out() -> None:
    done = finished(Status.CHANGED, rc=0, stdout="a\nb", stderr="c")
    assert told(oneline, [planned("shell"), done])[0] == "h1 | CHANGED | rc=0 | (stdout) a\\nb (stderr) c\n"
    gone = finished(Status.UNREACHABLE, msg="no route", unreachable=True)
    assert told(oneline, [planned("shell"), gone])[0] == "h1 | UNREACHABLE!: no route\n"


def test_null_shows_warnings_alone() -> None:
    events: list[e.Event] = [planned("ping"), finished(), e.Noted("warning", "odd", 1.0)]
    assert told(null, events) == ("", "[WARNING]: odd\n")


def test_tree_keeps_the_latest_result_of_each_host(tmp_path: Path) -> None:
    told(tree, [planned("ping"), finished(ping="no"), finished(ping="pong")], path=tmp_path / "t")
    assert json.loads((tmp_path / "t" / "h1").read_text()) == {"ping": "pong"}


def test_json_names_plays_tasks_and_hosts() -> None:
    play, started = e.PlayStarted("p", "web", ("h1",), 1.0), e.OperationStarted("o", "h1", "do it", 1.0)
    document = json.loads(told(json_document, [play, planned("ping"), started, finished(ping="pong")])[0])
    (task,) = document["plays"][0]["tasks"]
    assert task["task"]["duration"] == {"start": "1970-01-01T00:00:01.000000Z", "end": "1970-01-01T00:00:02.000000Z"}
    assert task["hosts"]["h1"] == {"ping": "pong", "action": "ping"}
    assert document["stats"]["h1"]["failures"] == 0


def test_the_timer_and_the_profile_tell_durations() -> None:
    ended = e.RunFinished("r", 0, 9.0, 3725.0, {})
    assert told(timer, [ended])[0] == "Playbook run took 0 days, 1 hours, 2 minutes, 5 seconds\n"
    events = [planned("ping"), e.OperationStarted("o", "h1", "do it", 0.5), finished(), ended]
    lines = told(profile_tasks, events)[0].splitlines()
    assert lines[1] == "do it " + "-" * 67 + " 1.50s"


@pytest.mark.parametrize(
    ("action", "said", "line"),
    [
        ("assert", {}, 'ok: [h1] => {\n    "msg": "fine"\n}'),
        ("assert", {"_ansible_verbose_always": False}, "ok: [h1]"),
        ("mine", {"_ansible_verbose_always": True}, 'ok: [h1] => {\n    "msg": "fine"\n}'),
        ("mine", {}, "ok: [h1]"),
    ],
)
def test_a_result_may_say_itself_whether_it_is_always_shown(action: str, said: dict[str, bool], line: str) -> None:
    out, _ = told(ansible, [planned(action), finished(msg="fine", **said)])
    assert f"\n{line}\n" in out


def test_a_play_that_too_many_hosts_failed_says_so_as_often_as_ansible() -> None:
    out, _ = told(ansible, [e.PlayFinished("p", 0, 1.0), e.PlayFinished("p", 0, 1.0, is_halted=True)])
    assert out.count("NO MORE HOSTS LEFT") == 2
