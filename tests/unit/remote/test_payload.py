"""A body is hashed while it comes, and a file it fills is copied without being read again."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import copy
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, payload, placing
from provisioner.remote.system.attributes import Wanted

BODY = bytes(range(256)) * 40


def received(body: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int = 100) -> payload.Payload:
    monkeypatch.setattr(payload, "IN_MEMORY", in_memory)
    monkeypatch.setattr(payload, "PART", 1000)
    return payload.receive(io.BytesIO(body).read, len(body), lambda: str(folder))


@pytest.mark.parametrize("in_memory", [100, 1 << 20])
def test_a_body_has_the_hashes_of_what_came_wherever_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    body = received(BODY, tmp_path, monkeypatch, in_memory)
    assert body.digests.sha1 == hashlib.sha1(BODY).hexdigest()
    assert body.digests.md5 == hashlib.md5(BODY).hexdigest()
    body.close()
    assert list(tmp_path.iterdir()) == []


def test_a_large_body_is_put_in_place_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spool").mkdir()
    body = received(BODY, tmp_path / "spool", monkeypatch)
    target = tmp_path / "large"
    result = run_module(copy, {"dest": str(target), "mode": "0640"}, Mode(), System(payload=body))
    assert result["changed"] is True, result
    assert target.read_bytes() == BODY
    assert target.stat().st_mode & 0o777 == 0o640
    assert result["checksum"] == hashlib.sha1(BODY).hexdigest()
    assert result["md5sum"] == hashlib.md5(BODY).hexdigest()


def test_what_the_kernel_cannot_copy_is_copied_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = received(BODY, tmp_path, monkeypatch)

    def refuse(*_: object) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "sendfile", refuse)
    with body.open() as source:
        placing.place(System(), str(tmp_path / "t"), source, Wanted(mode="0600"), placing.Placing(known=body.digests))
    assert (tmp_path / "t").read_bytes() == BODY


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = received(BODY, tmp_path, monkeypatch)
    (tmp_path / "t").write_text("old")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "sendfile", full)
    how = placing.Placing(known=body.digests)
    with body.open() as source, pytest.raises(Failed, match="No space left"):
        placing.place(System(), str(tmp_path / "t"), source, Wanted(mode="0600"), how)
    assert (tmp_path / "t").read_text() == "old"
    assert sorted(path.name.partition("-")[0] for path in tmp_path.iterdir()) == ["payload", "t"]
