"""The module user: a process of the user's that was just told to end does not keep it from being removed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.remote.change import Change, Failed
from provisioner.remote.modules import user

BUSY = SimpleNamespace(rc=8, out="", err="userdel: user ann is currently used by process 7\n")
GONE = SimpleNamespace(rc=0, out="", err="")


class Machine:
    """Answers commands in turn, the last answer for ever; time goes by only where it is slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers, self.ran, self.now = list(answers), 0, 0.0
        self.commands = self
        monkeypatch.setattr(user, "find_user", lambda *_: None)
        monkeypatch.setattr(user, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, argv: list[str], stdin: bytes | None = None) -> Any:
        assert (argv, stdin) == (["userdel", "ann"], None)
        self.ran += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def removed(machine: Machine) -> object:
    params = user.Params.parse({"name": "ann", "state": "absent"})
    change = Change(True, [["userdel", "ann"]])
    change.params = params
    return user.apply(change, machine)  # type: ignore[arg-type]


def test_a_user_whose_last_process_ends_in_a_moment_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, BUSY, BUSY, GONE)
    assert removed(machine) == {}
    assert machine.ran == 3


def test_a_user_who_stays_is_a_failure_in_the_tools_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, BUSY)
    with pytest.raises(Failed, match="userdel: user ann is currently used by process 7"):
        removed(machine)
    assert machine.now >= user.LEAVING_S
