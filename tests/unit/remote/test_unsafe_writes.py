"""Where a file cannot be replaced it is written in place, but only if that was asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules.copy import Params
from provisioner.remote.system.files import Files


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which nothing can be made."""
    made = tempfile.mkstemp

    def refuse(*_words: Any, **options: Any) -> Any:
        if options.get("dir") == str(tmp_path):
            raise PermissionError(1, "Operation not permitted")
        return made(**{name: value for name, value in options.items() if name != "dir"})

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
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
