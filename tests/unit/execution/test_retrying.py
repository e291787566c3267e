"""until, retries, delay and retry: how often, how long between, and what counts."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.execution.retrying import Patience
from provisioner.model import event
from provisioner.model.keywords import Retry
from tests.support.theatre import Theatre


def play(tasks: str) -> str:
    return f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}"


def in_turn(*answers: Any) -> Any:
    """Answer with these in turn, the last one for ever."""
    left = list(answers)
    return lambda _host, _request: left.pop(0) if len(left) > 1 else left[0]


BAD, GOOD = {"failed": True, "changed": False, "msg": "no"}, {"changed": True, "stdout": "yes"}


def test_until_tries_again_until_it_holds(theatre: Theatre) -> None:
    theatre.script = in_turn({"changed": False, "stdout": "no"}, {"changed": False, "stdout": "no"}, GOOD)
    theatre.run(play("  - {name: a, command: x, register: r, until: r.stdout == 'yes', retries: 5, delay: 7}\n"))
    assert theatre.on("h1") == ["a changed"]
    assert theatre.result("a")["attempts"] == 3
    assert [(e.attempt, e.wait_s) for e in theatre.recorder.of(event.Retrying)] == [(1, 7.0), (2, 7.0)]


def test_until_gives_up_after_the_retries_and_fails(theatre: Theatre) -> None:
    theatre.script = in_turn({"changed": False, "stdout": "no"})
    theatre.run(play("  - {name: a, command: x, register: r, until: r.stdout == 'yes', retries: 2, delay: 1}\n"))
    assert theatre.on("h1") == ["a failed"]
    assert len(theatre.commands) == 3
    assert theatre.result("a")["attempts"] == 2


def test_a_failed_try_counts_as_a_try_and_success_wipes_it_out(theatre: Theatre) -> None:
    theatre.script = in_turn(BAD, GOOD)
    theatre.run(play("  - {name: a, command: x, register: r, until: r is succeeded, retries: 3, delay: 1}\n"))
    assert theatre.on("h1") == ["a changed"]


def test_retries_without_until_wait_for_success(theatre: Theatre) -> None:
    theatre.script = in_turn(BAD, BAD, GOOD)
    theatre.run(play("  - {name: a, command: x, retries: 3, delay: 1}\n"))
    assert theatre.on("h1") == ["a changed"]


def test_until_sees_the_result_after_failed_when_and_changed_when(theatre: Theatre) -> None:
    theatre.script = in_turn({"failed": True, "rc": 1}, {"rc": 0})
    theatre.run(
        play(
            "  - {name: a, command: x, register: r, failed_when: r.rc "
            "== 5, changed_when: false, until: r.rc == 0, delay: 1}\n"
        )
    )
    assert theatre.on("h1") == ["a ok"]


def test_a_condition_is_decided_once_before_the_first_try(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: x, until: false, retries: 9, when: false}\n"))
    assert theatre.on("h1") == ["a skipped"]


def test_what_until_never_reached_can_be_ignored_and_rescued(theatre: Theatre) -> None:
    theatre.script = in_turn({"changed": False, "stdout": "no"})
    tasks = (
        "  - {name: a, command: x, register: r, until: r.stdout == 'yes', retries: 1, delay: 1, ignore_errors: true}\n"
        "  - block:\n    - {name: b, command: x, register: r, until: r.stdout == 'yes', retries: 1, delay: 1}\n"
        "    rescue:\n    - {name: c, debug: {msg: rescued}}\n"
    )
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a ignored", "b failed", "c ok"]


def test_nothing_behind_a_task_that_may_be_tried_again_is_sent_ahead(theatre: Theatre) -> None:
    theatre.script = in_turn(BAD, GOOD)
    theatre.run(play("  - {name: a, command: x, retries: 3, delay: 1}\n  - {name: b, command: y}\n"))
    assert theatre.commands == ["h1 x", "h1 x", "h1 y"]


def test_delay_and_retries_may_be_templates(theatre: Theatre) -> None:
    theatre.script = in_turn(BAD, GOOD)
    theatre.run(
        play("  - {name: a, command: x, retries: '{{ n }}', delay: '{{ n }}', until: true}\n"), extra_vars={"n": 2}
    )
    assert theatre.on("h1") == ["a failed"]


@pytest.mark.parametrize(("kind", "trouble"), [("unreachable", Unreachable("gone")), ("lost", Lost("gone"))])
def test_retry_takes_up_lost_contact_over_a_new_connection(theatre: Theatre, kind: str, trouble: TargetError) -> None:
    theatre.script = in_turn(trouble, GOOD)
    theatre.run(
        play(
            f"  - {{name: a, command: x, retry: {{attempts: 3, wait: 1, 'on': [{kind}]}}}}\n"
            f"  - {{name: b, command: y}}\n"
        )
    )
    assert theatre.sessions.resets == ["h1"]
    assert theatre.on("h1") == ["a changed", "b changed"]


def test_retry_does_not_take_up_what_it_was_not_told_to(theatre: Theatre) -> None:
    theatre.script = in_turn(Unreachable("gone"), GOOD)
    theatre.run(play("  - {name: a, command: x, retry: {attempts: 3, wait: 1, 'on': [failed]}}\n"))
    assert theatre.on("h1") == ["a unreachable"]


def test_retry_of_a_block_counts_for_each_of_its_tasks(theatre: Theatre) -> None:
    theatre.script = in_turn(BAD, GOOD)
    theatre.run(play("  - retry: {attempts: 2, wait: 1}\n    block:\n    - {name: a, command: x}\n"))
    assert theatre.on("h1") == ["a changed"]


# ---------------------------------------------------------------------- the counting itself


def always(_result: object) -> bool:
    return True


def test_without_a_policy_there_is_one_try() -> None:
    assert Patience(None, None).next_wait({"failed": True}, None, always) is None


def test_waits_grow_up_to_the_longest() -> None:
    patience = Patience(None, Retry(attempts=5, wait_s=1, max_wait_s=3, jitter_s=0))
    waits = [patience.next_wait({"failed": True}, None, always) for _ in range(5)]
    assert waits == [1, 2, 3, 3, None]


def test_a_good_result_ends_the_tries() -> None:
    assert Patience(None, Retry(attempts=5)).next_wait({"failed": False}, None, always) is None


def test_the_final_result_tells_the_attempts() -> None:
    patience = Patience((3, 0.0), None)
    assert patience.next_wait({}, None, lambda _r: False) == 0.0
    assert patience.next_wait({}, None, always) is None
    assert patience.final({}) == {"attempts": 2}


def test_until_without_retries_tries_four_times(theatre: Theatre) -> None:
    theatre.script = lambda _host, _request: {"changed": False, "stdout": "no"}
    theatre.run(
        play("  - {name: a, command: x, register: r, until: r.stdout == 'yes', delay: 0, ignore_errors: true}\n")
    )
    assert len(theatre.sessions.ran) == 4
    assert theatre.result("a")["attempts"] == 3
