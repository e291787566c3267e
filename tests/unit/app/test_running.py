"""The use cases around a run: loading errors all at once, listing, checking, drawing, and runs on this machine."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.graph import drawn
from provisioner.app.history import journal_of
from provisioner.app.listing import checked, listed
from provisioner.app.resume import Resuming, resume
from provisioner.app.run import run_module, run_playbooks
from provisioner.app.wiring import Single
from provisioner.diagnostics.errors import InputError
from provisioner.model import event
from provisioner.model.options import RunOptions
from tests.support.fakes import EventRecorder

SITE = """
- name: first
  hosts: web
  tags: [p]
  gather_facts: false
  tasks:
  - {name: a, command: "true", tags: [x]}
  - {name: b, debug: {msg: "{{ v }}"}, notify: h}
  handlers:
  - {name: h, debug: {msg: done}}
- name: second
  hosts: "{{ where }}"
  gather_facts: false
  tasks:
  - {name: c, debug: {msg: c}}
"""
Write = Callable[[str], str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts").write_text(
        "[web]\nw1 ansible_connection=local\nw2 ansible_connection=local\n[db]\nd1 ansible_connection=local\n"
    )
    (tmp_path / "site.yml").write_text(SITE)
    return "site.yml"


def options(**more: object) -> RunOptions:
    return RunOptions(inventories=("hosts",), extra_vars={"where": "db", "v": 1}, **more)  # type: ignore[arg-type]


def nobody(_question: str, _secret: bool) -> str:
    return ""


def test_hosts_of_each_play_are_listed(site: str) -> None:
    shown = listed([site], options(), Credentials(), "hosts")
    assert "hosts (2):\n      w1\n      w2" in shown
    assert "hosts (1):\n      d1" in shown


def test_a_limit_counts_for_the_list(site: str) -> None:
    assert "hosts (1):\n      w2" in listed([site], options(limit="w2"), Credentials(), "hosts")


def test_tasks_are_listed_with_their_tags(site: str) -> None:
    shown = listed([site], options(), Credentials(), "tasks")
    assert "      a\tTAGS: [p, x]\n      b\tTAGS: [p]" in shown
    assert "play #2" in shown


def test_tags_are_listed(site: str) -> None:
    assert "TASK TAGS: [p, x]" in listed([site], options(), Credentials(), "tags")


def test_a_good_playbook_passes_the_check(site: str) -> None:
    assert checked([site], options(), Credentials()) == "playbook: site.yml"


def test_every_mistake_of_playbook_and_inventory_is_told_at_once(site: str) -> None:
    Path("site.yml").write_text(
        "- hosts: web\n  tasks:\n  - {name: a, comand: x}\n  - {name: b, debug: {msg: '{{ }'}}\n"
    )
    with pytest.raises(InputError) as caught:
        checked([site], options(), Credentials())
    told = str(caught.value)
    assert "site.yml:3" in told
    assert "site.yml:4" in told


def test_the_graph_is_drawn_from_the_playbook(site: str) -> None:
    plays = json.loads(drawn([site], options(), Credentials(), "json"))["plays"]
    assert [p["play"] for p in plays] == ["first", "second"]


def test_a_run_tells_its_story_from_beginning_to_end(site: str) -> None:
    heard = EventRecorder()
    code = run_playbooks([site], options(tags=("all",), skip_tags=("x",)), Credentials(), [heard], nobody)
    assert code == 0
    assert isinstance(heard.events[0], event.RunStarted)
    last = heard.events[-1]
    assert isinstance(last, event.RunFinished)
    assert {host: stats.ok for host, stats in last.stats.items()} == {"w1": 1, "w2": 1, "d1": 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_presses_ctrl_c_when_all_is_done_comes_too_late(site: str, number: signal.Signals) -> None:
    class Pressing(EventRecorder):
        def handle(self, happened: event.Event) -> None:
            if isinstance(happened, event.RunFinished):
                signal.raise_signal(number)
            super().handle(happened)

    heard = Pressing()
    assert run_playbooks([site], options(), Credentials(), [heard], nobody) == 0
    assert isinstance(heard.events[-1], event.RunFinished)
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_a_failing_run_ends_with_the_code_of_failed_hosts(site: str) -> None:
    Path("site.yml").write_text("- hosts: web\n  gather_facts: false\n  tasks:\n  - {name: a, fail: {msg: no}}\n")
    assert run_playbooks([site], options(), Credentials(), [], nobody) == 2


def test_secrets_are_masked_before_anybody_hears_of_them(site: str) -> None:
    Path("site.yml").write_text(
        "- hosts: w1\n  gather_facts: false\n  tasks:\n  - {name: a, debug: {msg: 'it is tr0ub4dor'}, no_log: true}\n"
    )
    heard = EventRecorder()
    run_playbooks([site], options(), Credentials(), [heard], nobody)
    assert "tr0ub4dor" not in repr(heard.events)


def test_one_module_runs_on_the_hosts_of_a_pattern(site: str) -> None:
    heard = EventRecorder()
    assert run_module("d1", Single("debug", "msg=hello"), options(), Credentials(), [heard], nobody) == 0
    (done,) = heard.of(event.OperationFinished)
    assert (done.host, done.result["msg"]) == ("d1", "hello")


def test_a_module_that_does_not_exist_is_an_input_error(site: str) -> None:
    with pytest.raises(InputError, match="debgu"):
        run_module("all", Single("debgu", "msg=hello"), options(), Credentials(), [], nobody)


def test_a_strategy_or_need_that_cannot_be_honoured_is_told_before_anything_runs(site: str) -> None:
    Path("site.yml").write_text(
        "- hosts: web\n  tasks:\n  - {name: a, debug: , id: x, needs: [y]}\n  - {name: b, debug: , id: y, needs: [x]}\n"
    )
    heard = EventRecorder()
    with pytest.raises(InputError, match="circle"):
        run_playbooks([site], options(), Credentials(), [heard], nobody)
    assert heard.events == []


SLOW = """
- hosts: w1
  gather_facts: false
MORE
  tasks:
  - {name: slow, command: sleep 1.2}
  - {name: never, command: "true"}
"""


@pytest.mark.parametrize(
    ("more", "limit_s", "told"),
    [("", 0.4, "the run took longer than 0.4 s"), ("  max_time: 400ms", 0.0, "play 'w1' took longer than 0.4 s")],
)
def test_what_takes_too_long_finishes_what_runs_and_can_be_resumed(
    site: str, more: str, limit_s: float, told: str
) -> None:
    Path("site.yml").write_text(SLOW.replace("MORE", more))
    heard = EventRecorder()
    assert run_playbooks([site], options(max_time_s=limit_s), Credentials(), [heard], nobody) == 99
    last = heard.events[-1]
    assert isinstance(last, event.RunFinished)
    assert last.reason == told
    titles = {each.operation: each.name for each in heard.of(event.OperationPlanned)}
    ended = [(titles[each.operation], each.status.value) for each in heard.of(event.OperationFinished)]
    assert ended == [("slow", "changed")]
    again = EventRecorder()
    how = Resuming(max_time_s=30.0, adopt=True)
    Path("site.yml").write_text(SLOW.replace("MORE", ""))
    assert resume("last", how, Credentials(), [again], nobody) == 0
    assert [each.status.value for each in again.of(event.OperationFinished)] == ["changed", "changed"]


def test_a_run_that_was_ended_before_it_began_cannot_be_resumed(site: str) -> None:
    run_playbooks([site], options(), Credentials(), [], nobody)
    journal = journal_of("last", os.environ)
    journal.write_bytes(b'{"v": 1, "torn')
    with pytest.raises(InputError, match="before it began: nothing was done"):
        resume(journal.parent.name, Resuming(), Credentials(), [], nobody)
