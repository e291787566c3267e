"""The worker's private folder, and bodies that find no room."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from provisioner.remote.scratch import Scratch, _namespace
from provisioner.remote.system.payload import IN_MEMORY, Unstorable, receive


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_nothing_is_made_until_it_is_needed(tmp_path: Path) -> None:
    Scratch().remove()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_private_and_goes(tmp_path: Path) -> None:
    scratch = Scratch()
    path = Path(scratch.path())
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert scratch.path() == str(path)
    (path / "file").write_text("x")
    scratch.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_worker_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    space = _namespace()
    gone, alive = 2**22 + 1, os.getpid()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x")
    for name in (f"provisioner-{gone}.{space}-a", f"provisioner-{alive}.{space}-b", f"provisioner-{gone}.1-c", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / f"provisioner-{gone}.{space}-link").symlink_to(elsewhere)
    scratch = Scratch()
    scratch.path()
    scratch.remove()
    left = {path.name for path in tmp_path.iterdir()}
    assert f"provisioner-{gone}.{space}-a" not in left
    assert {f"provisioner-{alive}.{space}-b", f"provisioner-{gone}.1-c", "other", "elsewhere"} <= left
    assert (elsewhere / "kept").exists()


def test_a_body_without_room_is_read_to_its_end_and_told() -> None:
    stream = io.BytesIO(b"x" * (IN_MEMORY + 1000) + b"next")

    def nowhere() -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(Unstorable, match="No space left"):
        receive(stream.read, IN_MEMORY + 1000, nowhere)
    assert stream.read() == b"next", "the frame behind it must still be readable"
