"""Locks between processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.lab.commands import LabError
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


def test_its_holder_may_remove_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path):
        path.unlink()
    with held(path, timeout_s=0.1):
        assert path.exists()
