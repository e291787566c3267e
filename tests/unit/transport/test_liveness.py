"""A silent host is asked three times, then given up; one that says anything is not."""

from __future__ import annotations

from provisioner.transport.liveness import MISSES, Pulse


class Wrist:
    """A pulse on a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given_up = 0
        self.pulse = Pulse(10.0, self._give_up, lambda: self.now)

    def _give_up(self) -> None:
        self.given_up += 1

    def pass_interval(self) -> bool:
        self.now += 10.0
        return self.pulse.take_asking()


def test_a_silent_host_is_asked_then_given_up_once() -> None:
    wrist = Wrist()
    asked = [wrist.pass_interval() for _ in range(6)]
    assert asked == [True, True, False, False, False, False]
    assert wrist.given_up == 1
    assert f"{MISSES * 10} s" in wrist.pulse.reason


def test_a_host_that_answers_is_never_given_up() -> None:
    wrist = Wrist()
    for _ in range(20):
        assert wrist.pass_interval()
        wrist.pulse.hear()
    assert wrist.given_up == 0


def test_a_controller_that_was_stopped_for_an_hour_blames_nobody() -> None:
    wrist = Wrist()
    wrist.now += 3600
    assert wrist.pulse.take_asking()
    wrist.pulse.hear()
    assert wrist.pass_interval()
    assert wrist.given_up == 0


def test_the_host_is_asked_at_most_once_an_interval() -> None:
    wrist = Wrist()
    assert wrist.pass_interval()
    assert not wrist.pulse.take_asking()


def test_without_an_interval_nobody_is_watched() -> None:
    pulse = Pulse(0.0, lambda: None, lambda: 1e9)
    assert not pulse.take_asking()
    assert pulse.reason == ""
