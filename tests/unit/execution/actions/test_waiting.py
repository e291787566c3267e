"""pause, wait_for_connection, reboot: what they wait for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.execution.needs import Call, Question, ResetConnection, Says, Sleep
from provisioner.model.call import Reply
from tests.support.stage import Stage


def replies(*answers: Reply) -> Callable[[Call], Reply]:
    waiting: Iterator[Reply] = iter(answers)
    return lambda _call: next(waiting)


def said(text: str) -> Reply:
    return Reply(result={"rc": 0, "stdout": text, "changed": True})


ORDERED = Reply(result={"changed": True, "rebooted": True, "boot_id": "boot 1"})
GONE = Reply(error=Unreachable("host web1: no answer"))


def test_pause_waits_for_the_time_it_says(stage: Stage) -> None:
    result = stage.run("pause", {"minutes": 2})
    assert [need.seconds for need in stage.needs if isinstance(need, Sleep)] == [120]
    assert result["stdout"].startswith("Paused for")


def test_pause_returns_what_was_typed(stage: Stage) -> None:
    stage.typed = "yes"
    assert stage.run("pause", {"prompt": "go on?"})["user_input"] == "yes"
    assert [need.echo for need in stage.needs if isinstance(need, Question)] == [True]


def test_the_abort_of_a_question_fails_the_pause(stage: Stage) -> None:
    stage.typed = None
    result = stage.run("pause", {"prompt": "go on?"})
    assert (result["failed"], result["msg"]) == (True, "user requested abort!")


def test_the_abort_of_a_time_fails_the_pause(stage: Stage) -> None:
    stage.goes_on = False
    result = stage.run("pause", {"seconds": 5})
    assert (result["failed"], result["msg"]) == (True, "user requested abort!")


def test_a_pause_says_how_long_it_takes(stage: Stage) -> None:
    stage.run("pause", {"seconds": 5, "prompt": "look around"})
    assert [need.text for need in stage.needs if isinstance(need, Says)] == ["Pausing for 5 seconds"]


def test_a_pause_at_a_terminal_names_the_keys_and_its_prompt(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    stage.run("pause", {"seconds": 5, "prompt": "look around"})
    (text,) = (need.text for need in stage.needs if isinstance(need, Says))
    assert "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)" in text
    assert text.endswith("look around:")


def test_a_question_says_that_what_is_typed_is_hidden(stage: Stage) -> None:
    stage.run("pause", {"prompt": "password", "echo": False})
    assert next(need.prompt for need in stage.needs if isinstance(need, Question)).endswith("(output is hidden):")


def test_a_connection_is_made_anew_until_a_worker_answers(stage: Stage) -> None:
    stage.answer = replies(GONE, GONE, Reply(result={"ping": "pong"}))
    assert not stage.run("wait_for_connection", {"sleep": 2}).get("failed")
    assert [type(need) for need in stage.needs] == [
        ResetConnection, Call, Sleep, ResetConnection, Call, Sleep, ResetConnection, Call,
    ]  # fmt: skip


def test_waiting_for_a_connection_ends_with_what_was_wrong(stage: Stage) -> None:
    stage.answer = replies(GONE)
    result = stage.run("wait_for_connection", {"timeout": 0})
    assert result["failed"]
    assert "no answer" in result["msg"]


def test_a_reboot_is_over_when_it_is_another_boot_and_the_test_command_works(stage: Stage) -> None:
    failing = Reply(result={"rc": 1, "failed": True, "msg": "not yet"})
    stage.answer = replies(ORDERED, GONE, said("boot 1"), said("boot 2"), failing, said("root"))
    result = stage.run("reboot", {"post_reboot_delay": 7})
    assert result["rebooted"]
    assert [need.seconds for need in stage.needs if isinstance(need, Sleep)][-1] == 7


def test_a_reboot_that_is_refused_fails_at_once(stage: Stage) -> None:
    stage.answer = replies(Reply(result={"failed": True, "msg": "must be root"}))
    result = stage.run("reboot", {})
    assert (result["failed"], result["rebooted"]) == (True, False)
    assert "must be root" in result["msg"]


def test_a_host_that_does_not_come_back_is_a_failure(stage: Stage) -> None:
    stage.answer = replies(ORDERED, said("boot 1"))
    result = stage.run("reboot", {"reboot_timeout": 0})
    assert result["failed"]
    assert "timeout=0" in result["msg"]


def test_check_mode_foretells_the_reboot(stage: Stage) -> None:
    stage.answer = replies(Reply(result={"changed": True, "boot_id": "boot 1"}))
    assert stage.run("reboot", {}, check=True)["changed"]
    assert [call.request.check for call in stage.calls] == [True]
    assert len(stage.needs) == 1
