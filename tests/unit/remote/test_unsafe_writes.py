"""Where a file cannot be replaced it is written in place, but only if that was asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules.copy import Params
from provisioner.remote.system.files import Files


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which nothing can be made."""
    made = os.open

    def refuse(path: Any, flags: int, *words: Any, **options: Any) -> Any:
        if flags & os.O_EXCL and options.get("dir_fd") is not None:
            raise PermissionError(1, "Operation not permitted")
        return made(path, flags, *words, **options)

    monkeypatch.setattr(os, "open", refuse)
    return tmp_path


def test_a_file_in_a_closed_folder_is_written_in_place(closed: Path) -> None:
    (closed / "f").write_text("old")
    with pytest.raises(PermissionError):
        Files().write(str(closed / "f"), b"new")
    assert (closed / "f").read_text() == "old"
    Files().write(str(closed / "f"), b"new", unsafe=True)
    assert (closed / "f").read_text() == "new"


def test_the_environment_says_so_where_the_task_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_UNSAFE_WRITES", "yes")
    assert Params.parse({"dest": "/f"}).unsafe_writes
    assert not Params.parse({"dest": "/f", "unsafe_writes": False}).unsafe_writes
