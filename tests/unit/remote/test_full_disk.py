"""A disk that is full while a file is written leaves the old file, and nothing beside it."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.remote.system.files import Files


@pytest.fixture(name="small_files_only")
def files_cannot_grow() -> Iterator[None]:
    """The kernel's limit of a file's size fails a write as a full disk does: at the flush, and again at the close."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files_only")
def test_nothing_is_left_beside_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="File too large"), Files().replacing(str(target), mode=0o644) as stream:
        stream.write(b"x" * 6000)
    assert os.listdir(tmp_path) == ["file"]
    assert target.read_text("utf-8") == "old"
