"""A pause under way: what becomes of it where somebody presses Ctrl-C."""

from __future__ import annotations

from provisioner.model import event
from tests.support.fakes import FakePrompt
from tests.support.theatre import Theatre

HEAD = "- hosts: all\n  gather_facts: false\n  tasks:\n"
PAUSE = HEAD + "  - {name: a, pause: {seconds: 5}}\n  - {name: b, command: ok}\n"


def pressed_in_the_pause(theatre: Theatre, continues: bool, times: int = 1) -> list[float]:
    """Press Ctrl-C each time the run is in a pause; return when that was."""
    theatre.prompt, quiet, presses = FakePrompt(continues=continues), theatre._quiet, list[float]()

    def press() -> None:
        assert theatre.course is not None
        if len(presses) < times and theatre.course.interject():
            presses.append(theatre.clock.time)
        else:
            quiet()

    theatre._quiet = press  # type: ignore[method-assign]
    return presses


def test_a_pause_that_is_continued_ends_early(theatre: Theatre) -> None:
    pressed_in_the_pause(theatre, continues=True)
    started = theatre.clock.time
    theatre.run(PAUSE)
    assert theatre.told == ["h1 a ok", "h1 b changed", "h2 b changed"]
    assert theatre.clock.time == started


def test_a_pause_that_is_aborted_fails_and_ends_the_run(theatre: Theatre) -> None:
    pressed_in_the_pause(theatre, continues=False)
    theatre.run(PAUSE + HEAD + "  - {name: c, command: ok}\n")
    assert theatre.told == ["h1 a failed"]
    assert theatre.result("a")["msg"] == "user requested abort!"


def test_the_time_of_a_pause_that_was_cut_short_does_not_end_the_next_one(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    pressed_in_the_pause(theatre, continues=True)
    started = theatre.clock.time
    theatre.run(HEAD + "  - {name: a, pause: {seconds: 5}}\n  - {name: b, pause: {seconds: 5000}}\n")
    assert theatre.clock.time - started == 7200


def test_without_a_pause_there_is_nothing_to_ask_about(theatre: Theatre) -> None:
    theatre.stop_at = "b"
    theatre.run(PAUSE)
    assert theatre.course is not None
    assert not theatre.course.interject()


def test_a_question_that_is_aborted_fails_the_pause(theatre: Theatre) -> None:
    theatre.prompt.pause = lambda _text, echo: None  # type: ignore[assignment, method-assign, misc]
    theatre.run(HEAD + "  - {name: a, pause: }\n  - {name: b, command: ok}\n")
    assert theatre.told == ["h1 a failed"]


def test_a_pause_says_how_long_it_takes(theatre: Theatre) -> None:
    theatre.run(PAUSE)
    noted = [(each.severity, each.text) for each in theatre.recorder.of(event.Noted)]
    assert noted == [("pause", "Pausing for 5 seconds")]
