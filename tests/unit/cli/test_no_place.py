"""Places that cannot be written: one line that names them, and no traceback."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from provisioner import catalog
from provisioner.cli import main as program


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EISDIR])
def test_a_file_or_disk_that_nothing_can_be_written_to_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    def fails(_kind: str, _name: str) -> object:
        raise OSError(number, os.strerror(number), "/some/report.xml")

    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(catalog, "load", fails)
    assert program.main(["status"]) == 1
    assert capsys.readouterr().err == f"provisioner: /some/report.xml: {os.strerror(number)}\n"
    assert not (tmp_path / "crashes").exists()


def test_another_error_of_the_system_is_still_a_defect_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_kind: str, _name: str) -> object:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(catalog, "load", fails)
    assert program.main(["status"]) == program.Exit.DEFECT
    assert "defect" in capsys.readouterr().err
