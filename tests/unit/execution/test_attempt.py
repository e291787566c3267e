"""One attempt as a generator, answered by hand: what it asks for, in which order, and what comes of it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.execution.attempt import attempt
from provisioner.execution.context import PlayContext, RunContext
from provisioner.execution.inventory_state import InventoryState
from provisioner.execution.judge import DroppedUnrun
from provisioner.execution.needs import Again, Call, ItemDone, ResetConnection, Together
from provisioner.execution.outcome import Outcome
from provisioner.execution.task_run import TaskRun
from provisioner.loading.settings import LoadSettings
from provisioner.model.call import Reply
from provisioner.model.inventory import Group, Host, Inventory
from provisioner.model.keywords import Keywords, Retry
from provisioner.model.options import RunOptions
from provisioner.model.status import Status
from provisioner.model.task import Loop, Task, Until
from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Level, NotYet
from tests.support.plays import at, compiled


@pytest.fixture
def begin(tmp_path: Path) -> Any:
    """Return what makes an attempt of a task on the host h."""

    def make(*pending: Layer, action: str = "command", args: dict[str, object] | None = None, **fields: Any) -> Any:
        task = Task(action, {"_raw_params": "x"} if args is None else args, at(), name="t", **fields)
        made = compiled([task])
        inventory = Inventory({"h": Host("h")}, {"all": Group("all"), "ungrouped": Group("ungrouped", ("h",))})
        run = RunContext(
            RunOptions(),
            InventoryState(inventory),
            Renderer(),
            LoadSettings(),
            "r",
            tmp_path,
            lambda _s: None,
            lambda: inventory,
        )
        play = PlayContext(run, made, (), ["h"])
        return attempt(TaskRun(play, next(made.graph.tasks), "h", "chain", pending))

    return make


def end(steps: Generator[Any, Any, Outcome], answer: Any = None) -> Outcome:
    """Give the last answer and return the outcome."""
    with pytest.raises(StopIteration) as stop:
        steps.send(answer)
    outcome: Outcome = stop.value.value
    return outcome


def test_a_module_is_one_call_that_is_the_last(begin: Any) -> None:
    steps = begin()
    need = next(steps)
    assert isinstance(need, Call)
    assert (need.request.module, need.last, need.request.chain, need.request.stop_chain) == (
        "command",
        True,
        "chain",
        True,
    )
    outcome = end(steps, Reply(result={"changed": True, "rc": 0}))
    assert outcome.status is Status.CHANGED
    assert outcome.result["failed"] is False


def test_a_false_condition_asks_for_nothing(begin: Any) -> None:
    outcome = end(begin(keywords=Keywords(when=("false",))))
    assert (outcome.status, outcome.result["false_condition"]) == (Status.SKIPPED, "false")


def test_a_dropped_reply_is_no_outcome(begin: Any) -> None:
    steps = begin()
    next(steps)
    with pytest.raises(DroppedUnrun):
        steps.send(Reply(dropped=True))


def test_an_error_of_the_target_is_an_outcome(begin: Any) -> None:
    steps = begin(register="r")
    next(steps)
    outcome = end(steps, Reply(error=Unreachable("no route")))
    assert outcome.status is Status.UNREACHABLE
    assert outcome.effects.registered["r"]["unreachable"] is True


def test_items_that_need_one_call_each_are_asked_for_together(begin: Any) -> None:
    steps = begin(loop=Loop("loop", ["a", "b"]), args={"_raw_params": "{{ item }}"})
    need = next(steps)
    assert isinstance(need, Together)
    assert [c.request.params["_raw_params"] for c in need.calls] == ["a", "b"]
    assert need.last
    first = steps.send([Reply(result={"rc": 0}), Reply(result={"rc": 1})])
    assert (first, first.label) == (ItemDone("a", Status.OK, first.result), "a")
    second = steps.send(None)
    assert second.status is Status.FAILED
    assert end(steps).status is Status.FAILED


def test_a_task_that_may_be_tried_again_never_says_last(begin: Any) -> None:
    steps = begin(until=Until(("r.rc == 0",), retries=1, delay=3), register="r")
    need = next(steps)
    assert (need.last, need.request.stop_chain) == (False, False)
    assert steps.send(Reply(result={"rc": 1})) == Again(1, 2, 3.0)
    assert isinstance(steps.send(None), Call)
    assert end(steps, Reply(result={"rc": 0})).result["attempts"] == 2


def test_a_lost_contact_that_is_tried_again_is_connected_anew(begin: Any) -> None:
    steps = begin(keywords=Keywords(retry=Retry(attempts=2, wait_s=1)))
    next(steps)
    assert steps.send(Reply(error=Unreachable("x"))) == ResetConnection("h")
    assert isinstance(steps.send(None), Again)
    assert isinstance(steps.send(None), Call)
    assert end(steps, Reply(result={})).status is Status.OK


@pytest.mark.parametrize("ignored", [True, False])
def test_a_failure_stops_the_chain_unless_it_is_ignored(begin: Any, ignored: bool) -> None:
    steps = begin(keywords=Keywords(ignore_errors=ignored, notify=("h",)))
    assert next(steps).request.stop_chain is not ignored
    outcome = end(steps, Reply(result={"failed": True, "changed": True}))
    assert outcome.status is (Status.IGNORED if ignored else Status.FAILED)
    assert outcome.notify == ()


def test_a_value_that_is_not_there_yet_puts_the_attempt_off(begin: Any) -> None:
    pending = Layer(Level.SET_FACTS, "register", pending=frozenset({"r"}))
    with pytest.raises(NotYet):
        next(begin(pending, args={"_raw_params": "{{ r.stdout }}"}))
    assert isinstance(next(begin(pending, args={"_raw_params": "{{ inventory_hostname }}"})), Call)


def test_facts_of_a_result_are_learned_and_the_notification_is_passed_on(begin: Any) -> None:
    steps = begin(action="setup", args={}, keywords=Keywords(notify=("h",)))
    next(steps)
    outcome = end(steps, Reply(result={"changed": True, "ansible_facts": {"ansible_os": "x"}}))
    assert outcome.effects.facts == {"ansible_os": "x"}
    assert outcome.notify == ("h",)


def test_a_module_nobody_has_is_a_failure(begin: Any) -> None:
    outcome = end(begin(action="no_such_module", args={}))
    assert outcome.status is Status.FAILED
    assert "no_such_module" in outcome.result["msg"]
