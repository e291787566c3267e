"""A process is only ever ended if it is the very one that was recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.lab.processes import Running


@pytest.fixture(name="sleeper")
def a_sleeping_process() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_recorded_process_is_found_again(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    process = Running.of(sleeper.pid)
    assert process is not None
    process.record(tmp_path / "process.json")
    assert Running.read(tmp_path / "process.json") == process


@pytest.mark.parametrize("change", [{"started": 1}, {"boot": "another"}])
def test_a_recycled_id_is_not_taken_for_the_recorded_process(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], change: dict[str, object]
) -> None:
    process = Running.of(sleeper.pid)
    assert process is not None
    path = tmp_path / "process.json"
    process.record(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert Running.read(path) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x", "started": 1}', "\x00"])
def test_a_damaged_record_is_no_process(tmp_path: Path, text: str) -> None:
    path = tmp_path / "process.json"
    path.write_text(text)
    assert Running.read(path) is None


def test_a_signal_does_not_reach_a_stranger_with_the_same_id(sleeper: subprocess.Popen[bytes]) -> None:
    Running(sleeper.pid, started=1).send(signal.SIGKILL)
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(0.1)


def test_a_process_that_only_waits_to_be_reaped_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    process = Running.of(sleeper.pid)
    assert process is not None
    process.send(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not process.is_alive()
