"""What the renderers print for one recorded run."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from provisioner.model import event as e
from provisioner.model.encoding import decode
from provisioner.model.status import Status
from provisioner.reporting.renderer import EventRenderer, Settings
from provisioner.reporting.renderers import adhoc, ansible, console, html, json_lines, junit, plain


def shown(module: object, events: list[e.Event], **settings: object) -> str:
    stream = io.StringIO()
    renderer: EventRenderer = module.Renderer(Settings(stream=stream, **settings))  # type: ignore[attr-defined, arg-type]
    for event in events:
        renderer.handle(event)
    renderer.close()
    return stream.getvalue()


INDENT = plain.INDENT
DIFF = {"before": "a\nb\n", "after": "a\nc\n"}
PLAIN = """\

PLAY web  on h1, h2
  changed      h1  nginx : Put site  2.5s
               warning: be careful
  UNREACHABLE  h2  nginx : Put site
               roles/nginx/tasks/main.yml:3:3
               no route to h2
  retry        h1  Run  again in 5s, 2 left
  ignored      h1  Run
               non-zero return code
               stderr | first
               stderr | <b>second</b>
  ok           h1  Say hello
               msg: hello
  changed      h1  Loop  (item=a)
  FAILED       h1  Loop  (item={"n": "b"})
               no b
  FAILED       h1  Loop
               site.yml:25:5
               items failed
  CHECK BAD    h1  port 80 is open
               site.yml:30:5
               expected: open
               actual:   closed <x>
  check ok     h1  package nginx
  owed         h1  handler nginx : restart nginx: the play failed before
warning: h1: something is odd

FAILURES
  1. h2: nginx : Put site (UNREACHABLE)
     roles/nginx/tasks/main.yml:3:3
     no route to h2
  2. h1: Loop (FAILED)
     site.yml:25:5
     items failed
     item b: no b
  3. h1: check port 80 is open
     site.yml:30:5
     expected: open
     actual:   closed <x>

RECAP
h1                         : ok=3    changed=2    unreachable=0    failed=1    skipped=0    rescued=0    ignored=1
h2                         : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0

run 20260804-171502-k3xw ended with exit code 2 in 12s; journal /runs/20260804-171502-k3xw/journal.jsonl
"""


def test_plain_lines_say_what_happened_at_once_and_failures_again_at_the_end(events: list[e.Event]) -> None:
    text = shown(plain, events, runs=Path("/runs"))
    assert "\n".join(line.rstrip() for line in text.split("\n")) == PLAIN


def test_plain_shows_diffs_and_details_when_asked(events: list[e.Event]) -> None:
    text = shown(plain, events, diff=True, verbosity=1)
    assert f"{INDENT}--- before: /etc/x\n{INDENT}+++ after: /etc/x\n" in text
    assert f"{INDENT}-b\n{INDENT}+c\n" in text
    assert "h1 stdout | working" in text
    assert f"{INDENT}rc: 3\n" in text
    assert f"{INDENT}stderr:\n{INDENT}  first\n" in text


def test_plain_output_without_a_terminal_has_no_colour_and_with_one_has(events: list[e.Event]) -> None:
    assert "\x1b" not in shown(plain, events)
    assert "\x1b[33mchanged    \x1b[0m  h1" in shown(plain, events, is_coloured=True)


def test_a_run_that_broke_off_still_gets_its_failures_and_recap(events: list[e.Event]) -> None:
    text = shown(plain, events[:-1], runs=Path("/runs"))
    assert "FAILURES" in text
    assert "h2                         : ok=0 " in text
    assert text.endswith("the run did not come to its end; journal /runs/20260804-171502-k3xw/journal.jsonl\n")


def test_a_renderer_closed_before_anything_happened_says_nothing() -> None:
    for module in (plain, ansible, adhoc, json_lines):
        assert shown(module, []) == ""


def test_a_rescued_failure_is_said_but_not_repeated() -> None:
    failure = e.OperationFinished("o", "h", Status.FAILED, {"msg": "oops"}, 1.0, effects={"rescued": True})
    text = shown(plain, [e.RunStarted("r", 0.0, "v", (), (), "u"), failure])
    assert "FAILED       h  o  (rescued)" in text
    assert "FAILURES" not in text
    assert "rescued=1" in text


def test_json_lines_are_events_that_can_be_read_back(events: list[e.Event]) -> None:
    lines = shown(json_lines, events).splitlines()
    assert [decode(json.loads(line)) for line in lines] == events


def test_ansible_output_has_its_banners_results_and_recap(events: list[e.Event]) -> None:
    text = shown(ansible, events)
    lines = text.splitlines()
    assert lines[:2] == ["", "PLAY [web] " + "*" * 69]
    assert "TASK [nginx : Put site] " + "*" * 56 in lines
    assert "changed: [h1]" in lines
    assert 'fatal: [h2]: UNREACHABLE! => {"msg": "no route to h2", "unreachable": true}' in lines
    assert "FAILED - RETRYING: [h1]: Run (2 retries left)." in lines
    assert "...ignoring" in lines
    assert 'ok: [h1] => {\n    "msg": "hello"\n}' in text
    assert "changed: [h1] => (item=a)" in lines
    assert """failed: [h1] (item={'n': 'b'}) => {"msg": "no b"}""" in lines
    assert sum(line.startswith("fatal: [h1]") for line in lines) == 1, "a failed loop is told by its items"
    assert "TASK [meta] " in text
    assert lines[-3].startswith("h1                         : ok=3    changed=2 ")
    assert "[WARNING]: something is odd" in lines


def test_ansible_output_names_handlers_and_delegation() -> None:
    events: list[e.Event] = [
        e.OperationPlanned("o", "p", "restart", "service", "x:1", "web", True),
        e.OperationFinished("o", "h1", Status.OK, {}, 1.0, delegated_to="h2"),
    ]
    text = shown(ansible, events)
    assert "RUNNING HANDLER [web : restart] ***" in text
    assert "ok: [h1 -> h2]" in text


def test_ansible_output_tells_includes_and_does_not_repeat_a_host_that_delegates_to_itself() -> None:
    events: list[e.Event] = [
        e.OperationFinished("i", "h1", Status.OK, {"changed": False}, 1.0, effects={"includes": ["more.yml"]}),
        e.OperationFinished("i", "h2", Status.OK, {"changed": False}, 1.0, effects={"includes": ["more.yml"]}),
        e.OperationFinished("o", "h1", Status.CHANGED, {"changed": True, "diff": DIFF}, 1.0, delegated_to="h1"),
        e.ItemFinished("o", "h1", "a", Status.SKIPPED, {}, 1.0),
    ]
    lines = shown(ansible, events, diff=True).splitlines()
    assert "included: more.yml for h1, h2" in lines
    assert lines[-4:] == ["+c", "", "changed: [h1]", "skipping: [h1] => (item=a) "]


def test_adhoc_prints_command_output_as_it_is_and_other_results_as_json() -> None:
    events: list[e.Event] = [
        e.OperationFinished("o", "h1", Status.CHANGED, {"rc": 0, "stdout": "hi", "stderr": ""}, 1.0),
        e.OperationFinished("o", "h2", Status.FAILED, {"rc": 1, "stdout": "", "stderr": "no", "msg": "bad"}, 1.0),
        e.OperationFinished("o", "h3", Status.OK, {"ping": "pong"}, 1.0),
        e.OperationFinished("o", "h4", Status.UNREACHABLE, {"msg": "x"}, 1.0),
    ]
    assert shown(adhoc, events) == (
        "h1 | CHANGED | rc=0 >>\nhi\nh2 | FAILED | rc=1 >>\n\nno\nbad\n"
        'h3 | SUCCESS => {\n    "ping": "pong"\n}\nh4 | UNREACHABLE! => {\n    "msg": "x"\n}\n'
    )


def test_junit_has_a_suite_for_each_host_and_a_case_for_each_operation_and_check(
    tmp_path: Path, events: list[e.Event]
) -> None:
    path = tmp_path / "new" / "junit.xml"
    shown(junit, events, path=path)
    suites = {suite.get("name"): suite for suite in ElementTree.parse(path).getroot()}
    assert suites["h1"].attrib == {
        "name": "h1", "timestamp": "1970-01-01T00:01:40", "tests": "6", "failures": "2", "errors": "0", "skipped": "0",
        "time": "2.500",
    }  # fmt: skip
    assert suites["h2"].get("errors") == "1"
    failure = suites["h1"].find("testcase[@name='Loop']/failure")
    assert failure is not None
    assert failure.get("message") == "items failed"
    assert suites["h1"].find("testcase[@file='site.yml'][@line='25']") is not None


def test_junit_survives_characters_that_xml_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    bad = e.OperationFinished("o", "h", Status.FAILED, {"msg": "a\x00b\x1b[31m"}, 1.0)
    shown(junit, [e.RunStarted("r", 0.0, "v", (), (), "u"), bad], path=path)
    assert ElementTree.parse(path).getroot().find(".//failure") is not None


def test_the_html_page_tells_everything_and_escapes_it(tmp_path: Path, events: list[e.Event]) -> None:
    path = tmp_path / "report.html"
    events = [
        *events[:-1],
        e.OperationFinished("o7", "h1", Status.OK, {"msg": "<script>alert(1)</script>"}, 111.0),
        events[-1],
    ]
    shown(html, events, path=path)
    text = path.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "closed &lt;x&gt;" in text
    for wanted in (
        "nginx : Put site",
        "roles/nginx/tasks/main.yml:3:3",
        "item b: no b",
        "port 80 is open",
        "is owed to h1",
    ):
        assert wanted in text
    assert "http" not in text.replace("http-equiv", ""), "the page needs nothing from elsewhere"
    body = text[text.index("<html") :].replace('<meta charset="utf-8">', "").replace("&middot;", "")
    ElementTree.fromstring(body)


def test_no_report_is_written_of_a_run_that_never_began(tmp_path: Path) -> None:
    for module in (junit, html):
        shown(module, [], path=tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_the_console_prints_lines_and_shows_live_what_runs(events: list[e.Event]) -> None:
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=100, color_system=None, highlight=False)
    renderer = console.Renderer(Settings(is_coloured=False), terminal)
    for event in events[:15]:
        renderer.handle(event)
    with terminal.capture() as capture:
        terminal.print(renderer.picture())
    live = capture.get()
    assert "h1  Run" in live
    assert "| working" in live
    assert "web: 2 done, 1 bad, 1 running" in live
    for event in events[15:]:
        renderer.handle(event)
    renderer.close()
    assert "changed      h1  nginx : Put site  2.5s" in stream.getvalue()
    assert "FAILURES" in stream.getvalue()


def test_many_running_operations_take_few_rows() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    renderer = console.Renderer(Settings(), terminal)
    for number in range(30):
        renderer.handle(e.OperationStarted("o", f"h{number}", "t", 1.0))
    with terminal.capture() as capture:
        terminal.print(renderer.picture())
    renderer.close()
    assert len(capture.get().splitlines()) == console.ROWS + 1
    assert "and 22 more" in capture.get()


@pytest.mark.parametrize("name", ["plain", "ansible", "json_lines", "junit", "html", "adhoc"])
def test_only_the_console_needs_rich(name: str) -> None:
    program = f"import sys, provisioner.reporting.renderers.{name}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
