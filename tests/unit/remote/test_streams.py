"""Commands: output while it comes, input of any size, programs that leave something running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from provisioner.remote.system.commands import Commands


def test_output_and_errors_are_kept_apart() -> None:
    done = Commands().run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.rc, done.out, done.err) == (3, "out\n", "err\n")


def test_more_input_and_output_than_a_pipe_holds_does_not_block() -> None:
    data = b"x" * 3_000_000
    done = Commands().run(["cat"], stdin=data)
    assert (done.rc, len(done.out)) == (0, len(data))


def test_input_that_nobody_reads_is_no_error() -> None:
    assert Commands().run(["true"], stdin=b"x" * 3_000_000).rc == 0


def test_a_daemon_left_behind_is_not_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    done = Commands().run(["sh", "-c", f"sleep 30 & echo $! > {tmp_path}/pid; echo started"])
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert done.out == "started\n"
    assert time.monotonic() - started < 5


def test_output_is_heard_while_the_program_runs(tmp_path: Path) -> None:
    heard: list[tuple[str, bytes]] = []
    answer = tmp_path / "answer"

    def hear(name: str, data: bytes) -> None:
        heard.append((name, data))
        answer.touch()

    waits = f"echo one; while [ ! -e {answer} ]; do sleep 0.02; done; echo two >&2"
    Commands().run(["sh", "-c", waits], hear=hear, timeout_s=20)
    assert heard == [("stdout", b"one\n"), ("stderr", b"two\n")]


def test_a_program_that_takes_too_long_is_killed() -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        Commands().run(["sleep", "30"], timeout_s=0.3)
    assert time.monotonic() - started < 5


def test_a_missing_program_gives_127_and_its_name() -> None:
    done = Commands().run(["/nonexistent/program"])
    assert (done.rc, done.err) == (127, "/nonexistent/program: No such file or directory")


def test_bytes_that_are_no_text_survive() -> None:
    done = Commands().run(["printf", r"\377"])
    assert done.out.encode("utf-8", "surrogateescape") == b"\xff"


def test_programs_of_sbin_are_found_by_plain_users_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "useradd-of-ours").write_text("#!/bin/sh\necho found $1\n")
    (tmp_path / "useradd-of-ours").chmod(0o755)
    monkeypatch.setattr("provisioner.remote.system.commands.SEARCH_PATH", str(tmp_path))
    assert Commands().run(["useradd-of-ours", "it"]).out == "found it\n"
