"""How sure a plan is of each line: proven only where nothing before it, and nothing it reads, can make a difference."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.position import Position, Source
from provisioner.execution.foresight import Foresight
from provisioner.execution.outcome import Effects, Outcome
from provisioner.graph.operation import Kind, Operation
from provisioner.model.keywords import Keywords
from provisioner.model.plan import PREDICTED, PROVEN, UNKNOWN
from provisioner.model.status import Status
from provisioner.model.task import Task
from provisioner.variables.scope import Layer, Level, Scope

AT = Position(Source("site.yml", ""), 1, 1)
OK, CHANGED, SKIPPED, FAILED, IGNORED = Status.OK, Status.CHANGED, Status.SKIPPED, Status.FAILED, Status.IGNORED


class Plan:
    """Judges one operation after the other, as a run in check mode does."""

    def __init__(self, **variables: object) -> None:
        self.foresight = Foresight()
        self.scope = Scope((Layer(Level.PLAY_VARS, "vars", variables),))
        self.last: Outcome | None = None

    def label(
        self, action: str, status: Status, args: dict[str, Any] | None = None, *,
        result: dict[str, Any] | None = None, effects: Effects | None = None, **more: Any,
    ) -> str:  # fmt: skip
        when = more.pop("when", ())
        task = Task(action, args or {}, AT, name=action, keywords=Keywords(when=when), **more)
        operation = Operation(f"o{id(task)}", Kind.TASK, "p", AT, task=task, keywords=Keywords(when=when))
        outcome = Outcome(status, {"changed": status is CHANGED, **(result or {})}, effects or Effects())
        self.last, label, _why = self.foresight.judge(operation, "h1", outcome, self.scope)
        return label


def test_what_was_looked_at_on_an_untouched_host_is_proven() -> None:
    plan = Plan()
    assert plan.label("copy", CHANGED, {"dest": "/etc/a"}) == PROVEN
    assert plan.label("copy", CHANGED, {"dest": "/etc/b"}) == PROVEN, "another file is in nobody's way"
    assert plan.label("user", OK, {"name": "ann"}) == PROVEN


@pytest.mark.parametrize("path", ["/etc/a", "/etc/a/below", "/etc"])
def test_a_file_that_is_changed_before_makes_the_next_line_predicted(path: str) -> None:
    plan = Plan()
    plan.label("copy", CHANGED, {"dest": "/etc/a"})
    assert plan.label("lineinfile", CHANGED, {"path": path}) == PREDICTED


def test_after_a_package_what_stays_as_it_is_may_not_stay() -> None:
    plan = Plan()
    plan.label("apt", CHANGED, {"name": "nginx"})
    assert plan.label("file", OK, {"path": "/etc/nginx/default", "state": "absent"}) == UNKNOWN
    assert plan.label("copy", CHANGED, {"dest": "/etc/nginx/site"}) == PREDICTED
    assert plan.label("debug", OK, {"msg": "x"}) == PROVEN, "it looks at no host"


def test_a_command_is_open_and_one_that_changes_nothing_is_in_nobodys_way() -> None:
    plan = Plan()
    assert plan.label("command", SKIPPED, {"_raw_params": "id"}, changed_when=(False,)) == UNKNOWN
    assert plan.label("file", OK, {"path": "/etc/a"}) == PROVEN
    plan.label("command", SKIPPED, {"_raw_params": "make install"})
    assert plan.label("file", OK, {"path": "/etc/a"}) == UNKNOWN


def test_what_the_playbook_does_not_count_as_a_change_is_one_for_what_follows() -> None:
    plan = Plan()
    plan.label("file", OK, {"path": "/secret"}, effects=Effects(acts=True), changed_when=(False,))
    assert plan.label("file", OK, {"path": "/secret"}) == UNKNOWN


def test_a_directory_that_two_tasks_make_is_made_by_the_first() -> None:
    plan = Plan()
    diff = {"diff": {"before": {"path": "/d", "state": "absent"}, "after": {"path": "/d", "state": "directory"}}}
    assert plan.label("file", CHANGED, {"path": "/d"}, result=diff) == PROVEN
    assert plan.label("file", CHANGED, {"path": "/d"}, result=diff) == PREDICTED
    assert plan.last is not None
    assert plan.last.status is OK


def test_what_reads_a_result_that_is_open_is_open_too_also_by_way_of_variables() -> None:
    plan = Plan(outer="{{ inner }}", inner="{{ said.stdout }}", apart="plain")
    plan.label("command", SKIPPED, {"_raw_params": "id"}, register="said", changed_when=(False,))
    assert plan.label("copy", CHANGED, {"dest": "/a", "content": "{{ outer }}"}) == UNKNOWN
    assert plan.label("copy", CHANGED, {"dest": "/b", "content": "{{ apart }}"}) == PROVEN


def test_a_condition_that_asks_for_check_mode_tells_nothing_of_the_run() -> None:
    plan = Plan(installed="{{ not ansible_check_mode }}")
    assert plan.label("copy", SKIPPED, {"dest": "/a"}, when=("not ansible_check_mode",)) == UNKNOWN
    assert plan.label("copy", SKIPPED, {"dest": "/a"}, when=("installed",)) == UNKNOWN


def test_facts_that_are_gathered_after_changes_are_not_sure() -> None:
    plan = Plan()
    plan.label("copy", CHANGED, {"dest": "/etc/ansible/facts.d/x.fact"})
    plan.label("setup", OK, effects=Effects(facts={"ansible_hostname": "h1"}))
    assert plan.label("copy", SKIPPED, {"dest": "/a"}, when=("ansible_local.x is defined",)) == UNKNOWN
    assert plan.label("copy", SKIPPED, {"dest": "/a"}, when=("ansible_hostname == 'h1'",)) == PREDICTED


@pytest.mark.parametrize("status", [FAILED, IGNORED])
def test_what_fails_now_may_not_fail_after_the_changes_before_it(status: Status) -> None:
    plan = Plan()
    assert plan.label("service", status, result={"failed": True}) == PROVEN
    plan.label("apt", CHANGED, {"name": "nginx"})
    assert plan.label("service", status, result={"failed": True}) == UNKNOWN
    assert plan.last is not None
    assert plan.last.status is IGNORED
