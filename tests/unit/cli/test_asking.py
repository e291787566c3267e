"""Questions to the person at the keyboard."""

from __future__ import annotations

import getpass
import io
import os
import pty
import sys
import termios
from pathlib import Path

import pytest

from provisioner.cli import asking, output
from provisioner.diagnostics.errors import UnmetNeed
from provisioner.model.question import OneKey


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_secret_is_typed_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("seen\n"))
    monkeypatch.setattr(getpass, "getpass", lambda question: f"answer to {question}")
    assert asking.ask_secret("Password: ") == "answer to Password: "
    assert asking.ask("Password: ", True) == "answer to Password: "


def test_without_a_terminal_a_secret_is_a_line_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\ntwo\n"))
    assert asking.ask_secret("Password: ") == "one"
    assert asking.ask("Name: ") == "two"
    assert "Password: " in capsys.readouterr().err


@pytest.mark.parametrize("secret", [True, False])
def test_nobody_to_answer_is_an_unmet_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: bool) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setattr(asking, "TERMINAL", tmp_path / "none")
    with pytest.raises(UnmetNeed, match="nobody answered 'Name:'"):
        asking.ask("Name: ", secret)


def test_where_standard_input_is_empty_a_secret_is_asked_for_on_the_terminal_of_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setattr(asking, "TERMINAL", tmp_path / "tty")
    (tmp_path / "tty").touch()
    monkeypatch.setattr(getpass, "getpass", lambda question: f"answer to {question}")
    assert asking.ask_secret("Password: ") == "answer to Password: "


class Typist(io.StringIO):
    """Standard error; whoever reads the question there types ``keys``."""

    def __init__(self, terminal: int, keys: bytes) -> None:
        super().__init__()
        self.terminal, self.keys = terminal, keys

    def write(self, text: str) -> int:
        os.write(self.terminal, self.keys)
        return super().write(text)


@pytest.mark.parametrize(("keys", "answer"), [(b"c", "C"), (b"A", "A"), (b"xyA", "A")])
def test_one_key_answers_without_enter_and_others_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, keys: bytes, answer: str
) -> None:
    terminal, own = pty.openpty()
    before = termios.tcgetattr(own)
    with os.fdopen(own) as stdin, os.fdopen(terminal, "wb"):
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stderr", Typist(terminal, keys))
        assert output.polite(asking.ask, [])(OneKey("go on?", "CA"), False) == answer
        assert termios.tcgetattr(own) == before


class Screen:
    """A renderer that owns the screen; it notes what it is told."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def handle(self, _event: object) -> None: ...

    def close(self) -> None: ...

    def suspend(self) -> None:
        self.told.append("suspend")

    def proceed(self) -> None:
        self.told.append("proceed")


def test_what_is_live_on_the_screen_steps_aside_for_a_question() -> None:
    told: list[str] = []

    def answer(question: str, _secret: bool) -> str:
        told.append(question)
        return "yes"

    assert output.polite(answer, [Screen(told)])("sure?", False) == "yes"
    assert told == ["suspend", "sure?", "proceed"]
