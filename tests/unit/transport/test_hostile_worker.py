"""A host that was taken over sends what it likes: nothing but its own reply may come of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote import protocol
from provisioner.transport.incoming import reply_of
from provisioner.transport.pipe import Inbound, Stream


class Said:
    """A pipe with what a hostile host said."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def receive(self, _timeout_s: float | None = None) -> tuple[Stream, bytes]:
        return Stream.OUT, self._stream.read(65536)


def inbound(data: bytes) -> Inbound:
    said: Any = Said(data)
    return Inbound(said, lambda _data: None)


def test_a_header_that_announces_a_huge_head_is_refused_before_anything_is_read() -> None:
    with pytest.raises(protocol.Broken, match="not ours"):
        protocol.read_head(io.BytesIO(protocol.HEADER.pack(protocol.RESULT, 2**32 - 1, 0) + b"x"))


def test_a_huge_body_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(protocol.Broken, match="nobody asked for"):
        reply_of({"result": {}}, 2**60, inbound(b"x" * 1000), None)


def test_a_body_that_ends_early_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(protocol.Broken):
        reply_of({"result": {}}, 2**60, inbound(b"x" * 1000), tmp_path / "wanted")
    assert list(tmp_path.iterdir()) == []


def test_a_body_goes_to_the_path_we_chose_whatever_the_reply_says(tmp_path: Path) -> None:
    head = {"result": {"dest": "/etc/evil", "path": "../../evil"}, "reply_path": "../evil", "path": "../evil"}
    reply_of(head, 4, inbound(b"data"), tmp_path / "wanted")
    assert [path.name for path in tmp_path.iterdir()] == ["wanted"]
    assert (tmp_path / "wanted").stat().st_mode & 0o077 == 0, "not wider than it has to be"


@pytest.mark.parametrize("result", [[1], "text", 1, True])
def test_a_result_of_another_kind_is_refused(result: object) -> None:
    with pytest.raises(protocol.Broken):
        reply_of({"result": result}, 0, inbound(b""), None)


@pytest.mark.parametrize("head", [[], "x", 1, None])
def test_a_head_of_another_kind_is_refused(head: object) -> None:
    text = json.dumps(head).encode()
    with pytest.raises(protocol.Broken):
        protocol.read_head(io.BytesIO(protocol.HEADER.pack(protocol.RESULT, len(text), 0) + text))
