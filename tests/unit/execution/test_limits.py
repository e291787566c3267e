"""Time limits of runs and plays: what takes too long is stopped once, later for good; what is in time is left alone."""

from __future__ import annotations

import time
from threading import Event

from provisioner.execution.limits import TimeLimits


class Button:
    """Counts how often it was pressed."""

    def __init__(self) -> None:
        self.count, self.pressed, self.pressed_twice = 0, Event(), Event()

    def press(self) -> None:
        self.count += 1
        (self.pressed if self.count == 1 else self.pressed_twice).set()


def test_what_is_in_time_is_left_alone() -> None:
    button = Button()
    limits = TimeLimits(button.press, grace_s=0.01)
    with limits.within(0.05, "the run"):
        pass
    time.sleep(0.1)
    assert button.count == 0
    assert limits.exceeded == ""


def test_no_limit_is_no_limit() -> None:
    limits = TimeLimits(Button().press)
    with limits.within(0.0, "the run"):
        assert limits.exceeded == ""


def test_what_takes_too_long_is_stopped_and_then_ended() -> None:
    button = Button()
    limits = TimeLimits(button.press, grace_s=0.05)
    with limits.within(0.02, "play 'site'"):
        assert button.pressed.wait(5)
        assert limits.exceeded == "play 'site' took longer than 0.02 s"
        assert button.pressed_twice.wait(5)


def test_the_limit_of_the_run_does_not_press_again_what_a_play_has_stopped() -> None:
    button = Button()
    limits = TimeLimits(button.press, grace_s=60.0)
    with limits.within(0.05, "the run"), limits.within(0.02, "play 'site'"):
        assert button.pressed.wait(5)
        time.sleep(0.1)
    assert button.count == 1
    assert limits.exceeded.startswith("play 'site'")
