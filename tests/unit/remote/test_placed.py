"""A file that was just written is not read back to prove it, unless it may be another one by now."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import copy
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.attributes import Wanted
from provisioner.remote.system.files import Files
from provisioner.remote.system.hashing import Digests
from provisioner.remote.system.payload import IN_MEMORY, Payload, receive
from provisioner.remote.system.placing import Placing, place


def test_a_large_body_is_written_without_reading_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(IN_MEMORY + 1)
    payload = receive(io.BytesIO(data).read, len(data), lambda: str(tmp_path))

    def read(*_: Any) -> str:
        raise AssertionError("read once more")

    monkeypatch.setattr(Files, "checksum", read)
    args = {"src": "large", "dest": str(tmp_path / "large"), "mode": "0644", "_original_basename": "large"}
    result = run_module(copy, args, Mode(), System(payload=payload))
    assert result["changed"], result
    assert result["checksum"] == hashlib.sha1(data, usedforsecurity=False).hexdigest()
    assert (tmp_path / "large").read_bytes() == data


@pytest.mark.parametrize("act", [
    lambda path: path.write_bytes(b"other"),
    lambda path: (path.unlink(), path.write_bytes(b"stuff")),
    lambda path: path.write_bytes(b"longer than it was"),
])  # fmt: skip
def test_a_file_that_changed_after_it_was_written_is_read(tmp_path: Path, act: Any) -> None:
    path, system = tmp_path / "f", System()
    place(system, str(path), io.BytesIO(b"thing"), Wanted(), Placing())
    assert system.placed.sha1(path.stat()) == hashlib.sha1(b"thing", usedforsecurity=False).hexdigest()
    act(path)
    os.utime(path, ns=(1, 1))  # however coarse the clock of the file system is
    assert system.placed.sha1(path.stat()) is None


def test_a_file_of_another_request_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    place(System(), str(path), io.BytesIO(b"thing"), Wanted(), Placing())
    assert System().placed.sha1(path.stat()) is None
    assert System().placed.sha1(None) is None


def test_content_that_is_not_as_long_as_what_was_hashed_is_not_put_in_place(tmp_path: Path) -> None:
    known = Digests("0" * 40, None, 6)
    with pytest.raises(Failed, match="5 bytes were written of 6"):
        place(System(), str(tmp_path / "f"), io.BytesIO(b"thing"), Wanted(), Placing(known=known))
    assert list(tmp_path.iterdir()) == []


def test_a_validation_that_alters_the_file_is_found_out(tmp_path: Path) -> None:
    """What was hashed is not what lies there then, so the change does not hold."""
    args = {"src": "f", "dest": str(tmp_path / "f"), "validate": "sed -i s/t/T/ %s", "_original_basename": "f"}
    result = run_module(copy, args, Mode(), System(payload=Payload(b"thing")))
    assert result.get("failed"), result
