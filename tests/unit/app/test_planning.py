"""Plans: handlers that only may run, places a plan cannot be written to, and files that are no plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioner.app.credentials import Credentials
from provisioner.app.planning import make_plan, read_plan, refuse_unwritable, save
from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.model.options import RunOptions
from provisioner.model.plan import PREDICTED, PROVEN, UNKNOWN, Plan


def nobody(_question: str, _hidden: bool) -> str:
    raise AssertionError("nobody is to be asked")


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    Path("hosts").write_text("w1 ansible_connection=local\n")


def plan_of(tasks: Sequence[str], handlers: Sequence[str]) -> Plan:
    lines = ["- hosts: w1", "  gather_facts: false", "  tasks:", *(f"  - {each}" for each in tasks)]
    lines += ["  handlers:", *(f"  - {each}" for each in handlers)]
    Path("site.yml").write_text("\n".join(lines) + "\n")
    return make_plan(["site.yml"], RunOptions(inventories=("hosts",)), Credentials(), (), nobody)


def labels(plan: Plan) -> dict[str, str]:
    return {each.title: each.label for each in plan.foreseen}


TELL = "{name: tell, file: {path: told, state: touch}}"


def test_a_handler_of_a_task_that_only_running_tells_about_is_in_the_plan_and_may_run() -> None:
    plan = plan_of(["{name: open, command: echo x, notify: tell}"], [TELL])
    assert labels(plan) == {"open": UNKNOWN, "tell": UNKNOWN}
    assert "runs if 'open' changes something" in plan.foreseen[-1].why
    assert {each[0] for each in plan.allowed()} == {each.operation for each in plan.foreseen}


def test_handlers_of_handlers_that_may_run_may_run_too() -> None:
    handlers = ["{name: test, command: echo x, notify: tell}", TELL]
    found = labels(plan_of(["{name: sure, copy: {content: x, dest: new}, notify: test}"], handlers))
    assert found == {"sure": PROVEN, "test": UNKNOWN, "tell": UNKNOWN}


def test_a_handler_that_a_sure_change_notifies_is_not_less_sure_for_an_open_task() -> None:
    tasks = [
        "{name: open, command: echo x, notify: tell}",
        "{name: sure, copy: {content: x, dest: new}, notify: tell}",
    ]
    assert labels(plan_of(tasks, [TELL]))["tell"] in (PROVEN, PREDICTED)


def test_a_task_that_never_changes_anything_notifies_nobody() -> None:
    found = labels(plan_of(["{name: open, command: echo x, notify: tell, changed_when: false}"], [TELL]))
    assert found == {"open": UNKNOWN}


@pytest.mark.parametrize(("place", "why"), [("folder", "it is a folder"), ("none/x.plan", "there is no such folder")])
def test_a_plan_that_cannot_be_written_is_refused_before_it_is_made(place: str, why: str) -> None:
    Path("folder").mkdir()
    with pytest.raises(UnmetNeed, match=f"cannot write the plan {place}: {why}"):
        refuse_unwritable(Path(place))
    plan = plan_of(["{name: sure, copy: {content: x, dest: new}}"], [TELL])
    with pytest.raises(UnmetNeed, match="cannot write the plan"):
        save(plan, Path(place))


@pytest.mark.parametrize(
    ("text", "why"),
    [("{}", "it has no 'version'"), ("[]", "it is a list"), ("[" * 20_000, "recursion"), ("\x00", "Expecting")],
)
def test_a_file_that_is_no_plan_is_one_clear_error(text: str, why: str) -> None:
    Path("x.plan").write_text(text)
    with pytest.raises(InputError, match="is no plan") as caught:
        read_plan(Path("x.plan"))
    assert why in str(caught.value)
