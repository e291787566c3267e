"""Where the record cannot be written any more, work goes on: what makes room on a full disk must still run."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.oplog import OpLog
from provisioner.remote.recording import Recording, Unknown
from provisioner.remote.system import System


class Worker:
    """Counts what it runs."""

    linked = True

    def __init__(self) -> None:
        self.ran = 0

    def run(self, _head: dict[str, Any], _system: System) -> dict[str, Any]:
        self.ran += 1
        return {"changed": True, "rc": 0}


def recording(path: Path, monkeypatch: pytest.MonkeyPatch, full: str) -> tuple[Recording, Worker]:
    """Return a recording whose log meets a full disk in the method ``full``."""

    def no_room(*_given: Any, **_named: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    worker = Worker()
    made = Recording(worker)
    made._log = OpLog(str(path / "run.ops"))
    monkeypatch.setattr(OpLog, full, no_room)
    return made, worker


@pytest.mark.parametrize("full", ["claim", "end"])
def test_an_operation_is_run_and_answered_though_it_cannot_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    made, worker = recording(tmp_path, monkeypatch, full)
    result = made.once({"op": "a", "module": "command"}, System())
    assert result["rc"] == 0
    assert worker.ran == 1


def test_what_may_have_been_run_before_is_not_run_unnoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, worker = recording(tmp_path, monkeypatch, "claim")
    with pytest.raises(Unknown):
        made.once({"op": "a", "module": "command", "again": True}, System())
    assert worker.ran == 0
