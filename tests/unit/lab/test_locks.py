"""Locks between processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.lab.commands import Commands, LabError
from provisioner.lab.locks import held


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with held(path), pytest.raises(LabError, match="another process has held"), held(path, timeout_s=0.1):
        pass


def test_a_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path):
        pass
    with held(path, timeout_s=0.1):
        assert path.exists()


def test_a_program_that_was_started_under_a_lock_holds_it_on(tmp_path: Path) -> None:
    commands = Commands()
    with held(tmp_path / "lock") as lock, commands.keeping(lock):
        commands.run(["sh", "-c", "sleep 0.3 >/dev/null 2>&1 &"])
    with pytest.raises(LabError), held(tmp_path / "lock", timeout_s=0.05):
        pass
    with held(tmp_path / "lock", timeout_s=2) as lock:
        assert lock > 2


def test_a_program_left_in_the_background_does_not(tmp_path: Path) -> None:
    commands = Commands()
    with held(tmp_path / "lock") as lock, commands.keeping(lock):
        commands.launch(["sh", "-c", "sleep 0.3 >/dev/null 2>&1 &"], {})
    with held(tmp_path / "lock", timeout_s=0.05) as lock:
        assert lock > 2


def test_its_holder_may_remove_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path):
        path.unlink()
    with held(path, timeout_s=0.1):
        assert path.exists()
