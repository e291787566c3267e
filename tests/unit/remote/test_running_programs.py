"""command, shell and script with real programs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.payload import Payload


def run(module: str, params: dict[str, Any], tmp_path: Path, script: bytes | None = None) -> dict[str, Any]:
    system = System(tmp=str(tmp_path), payload=Payload(script) if script is not None else None)
    return run_module(importlib.import_module(f"provisioner.remote.modules.{module}"), params, Mode(), system)


def test_command_expands_variables_but_starts_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETING", "good day")
    result = run("command", {"_raw_params": "echo $GREETING ; ls"}, tmp_path)
    assert result["stdout"] == "good day ; ls"
    assert result["cmd"] == ["echo", "$GREETING", ";", "ls"]


def test_command_leaves_variables_alone_where_told_so(tmp_path: Path) -> None:
    assert run("command", {"cmd": "echo $HOME", "expand_argument_vars": False}, tmp_path)["stdout"] == "$HOME"


@pytest.mark.parametrize(("newline", "expected"), [(True, "abc$"), (False, "abc")])
def test_standard_input_ends_with_a_newline_unless_told_otherwise(newline: bool, expected: str, tmp_path: Path) -> None:
    params = {"argv": ["cat", "-A"], "stdin": "abc", "stdin_add_newline": newline}
    assert run("command", params, tmp_path)["stdout"] == expected


def test_commands_run_in_the_directory_asked_for(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert run("shell", {"cmd": "pwd", "chdir": str(tmp_path / "here")}, tmp_path)["stdout"] == f"{tmp_path}/here"


def test_start_end_and_delta_are_given(tmp_path: Path) -> None:
    result = run("command", {"cmd": "true"}, tmp_path)
    assert result["start"] <= result["end"]
    assert result["delta"].startswith("0:00:00.")


def test_a_script_gets_its_arguments_and_is_removed(tmp_path: Path) -> None:
    script = b'#!/bin/sh\nprintf \'%s\\n\' "$@"; stat -c %a "$0"\n'
    result = run("script", {"_raw_params": "files/prepare.sh one 'two three'"}, tmp_path, script)
    assert result["stdout_lines"] == ["one", "two three", "700"]
    assert list(tmp_path.iterdir()) == []


def test_a_failing_script_is_removed_too(tmp_path: Path) -> None:
    result = run("script", {"cmd": "prepare.sh"}, tmp_path, b"#!/bin/sh\necho so far; exit 4\n")
    assert (result["failed"], result["rc"], result["stdout"]) == (True, 4, "so far\n")
    assert list(tmp_path.iterdir()) == []


def test_a_script_without_an_interpreter_line_is_run_by_a_shell(tmp_path: Path) -> None:
    assert run("script", {"cmd": "x"}, tmp_path, b"echo $((40 + 2))\n")["stdout"] == "42\n"


def test_a_script_is_run_by_the_program_asked_for(tmp_path: Path) -> None:
    assert run("script", {"cmd": "x a", "executable": "cat"}, tmp_path, b"echo hi\n")["rc"] == 1


def test_long_output_is_streamed_by_whole_lines(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    system = System(tmp=str(tmp_path), emit=lambda stream, text: seen.append((stream, text)))
    module = importlib.import_module("provisioner.remote.modules.shell")
    run_module(module, {"cmd": "echo one; sleep 1.1; printf two; echo; printf rest"}, Mode(), system)
    assert seen
    assert all(stream == "stdout" and text.endswith("\n") for stream, text in seen)
    assert "one\ntwo\n".startswith("".join(text for _stream, text in seen))


def test_short_commands_stream_nothing(tmp_path: Path) -> None:
    seen: list[str] = []
    system = System(tmp=str(tmp_path), emit=lambda _stream, text: seen.append(text))
    run_module(importlib.import_module("provisioner.remote.modules.shell"), {"cmd": "echo one"}, Mode(), system)
    assert seen == []
