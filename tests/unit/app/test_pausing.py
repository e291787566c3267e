"""Ctrl-C while a pause waits, and while it does not."""

from __future__ import annotations

import io
import signal
import sys
from typing import Any

import pytest

from provisioner.app.run import Asking, _interrupts
from provisioner.diagnostics.errors import UnmetNeed
from provisioner.execution.limits import TimeLimits
from provisioner.model.question import OneKey


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Course:
    """Notes what is asked of it; ``is_paused`` says whether a pause is under way."""

    def __init__(self, is_paused: bool = False) -> None:
        self.is_paused, self.told = is_paused, list[str]()
        self.limits = TimeLimits(self.stop)

    def stop(self) -> None:
        self.told.append("stop")

    def interject(self) -> bool:
        self.told += ["interject"] if self.is_paused else []
        return self.is_paused


class Person:
    """Answers what is asked; Ctrl-C is an answer, too."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, question: str, _is_secret: bool) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0) if self.answers else "nobody"
        if answer == "^C":
            signal.raise_signal(signal.SIGINT)
        if answer == "nobody":
            raise UnmetNeed("nobody is there", "")
        return answer


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())


def put(person: Person, course: Course | None = None) -> tuple[str | None, list[str]]:
    """Put the question of a pause; return the answer and what became of the run."""
    course, asking = course or Course(), Asking(person)
    with _interrupts(course, asking):  # type: ignore[arg-type]
        return asking.pause("go on?", echo=True), course.told


def test_the_question_of_a_pause_is_answered_by_a_line() -> None:
    assert put(Person("yes")) == ("yes", [])


def test_ctrl_c_at_the_question_of_a_pause_asks_whether_to_go_on() -> None:
    person = Person("^C", "C")
    assert put(person) == ("", [])
    assert isinstance(person.asked[-1], OneKey)
    assert person.asked[-1].keys == "CA"


def test_the_abort_of_a_pause_does_not_stop_the_run_by_itself() -> None:
    assert put(Person("^C", "A")) == (None, [])


def test_a_pause_is_aborted_where_nobody_is_left_to_answer() -> None:
    assert put(Person("^C", "nobody")) == (None, [])


def test_ctrl_c_at_that_question_ends_the_run_as_anywhere_else() -> None:
    course = Course()
    with pytest.raises(KeyboardInterrupt):
        put(Person("^C", "^C"), course)
    assert course.told == ["stop"]


def test_ctrl_c_without_a_terminal_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    course = Course(is_paused=True)
    with pytest.raises(KeyboardInterrupt):
        put(Person("^C"), course)
    assert course.told == ["stop"]


@pytest.mark.parametrize(
    ("is_paused", "number", "told"),
    [(True, signal.SIGINT, ["interject"]), (False, signal.SIGINT, ["stop"]), (True, signal.SIGTERM, ["stop"])],
)
def test_only_ctrl_c_in_a_pause_asks(is_paused: bool, number: int, told: list[str]) -> None:
    course: Any = Course(is_paused)
    with _interrupts(course, Asking(Person())):
        signal.raise_signal(number)
    assert course.told == told


def test_a_question_that_is_no_pause_is_given_up() -> None:
    course: Any = Course(is_paused=True)
    asking = Asking(Person("^C"))
    with pytest.raises(KeyboardInterrupt), _interrupts(course, asking):
        asking.ask("Name: ", echo=True, timeout_s=0)
    assert course.told == ["stop"]
