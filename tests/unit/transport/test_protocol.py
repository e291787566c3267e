"""Frames: what is packed is read back, and what is no frame is refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from provisioner.remote import protocol
from provisioner.transport.pipe import Inbound, Stream, Tail

JSON = some.dictionaries(some.text(), some.one_of(some.none(), some.booleans(), some.integers(), some.text()))


class Recorded:
    """A pipe that gives recorded pieces."""

    latency_s = 0.0

    def __init__(self, pieces: list[tuple[Stream, bytes]]) -> None:
        self.pieces = pieces

    def receive(self, timeout_s: float | None = None) -> tuple[Stream, bytes]:
        return self.pieces.pop(0) if self.pieces else (Stream.OUT, b"")


@given(JSON, some.binary(max_size=200), some.integers(1, 40))
def test_a_frame_survives_any_cutting_into_pieces(head: dict[str, object], body: bytes, size: int) -> None:
    data = protocol.pack(protocol.REQUEST, head, body)
    pieces = [(Stream.OUT, data[at : at + size]) for at in range(0, len(data), size)]
    inbound = Inbound(Recorded(pieces), Tail().feed)  # type: ignore[arg-type] # only receive() is used
    frame = protocol.read_head(inbound)
    assert frame == (protocol.REQUEST, head, len(body))
    assert protocol.read_exactly(inbound, len(body)) == body
    assert protocol.read_head(inbound) is None


def test_text_that_is_no_unicode_survives() -> None:
    head = {"path": b"caf\xe9".decode("utf-8", "surrogateescape")}
    frame = protocol.read_head(io.BytesIO(protocol.pack(protocol.RESULT, head)))
    assert frame is not None
    assert frame[1] == head


def test_a_stream_that_ends_inside_a_frame_is_broken() -> None:
    data = protocol.pack(protocol.RESULT, {"id": 1})
    for length in range(1, len(data)):
        with pytest.raises(protocol.Broken):
            protocol.read_head(io.BytesIO(data[:length]))


def test_a_head_of_absurd_length_is_refused_before_it_is_read() -> None:
    with pytest.raises(protocol.Broken, match="not ours"):
        protocol.read_head(io.BytesIO(protocol.HEADER.pack(1, protocol.MAX_HEAD + 1, 0) + b"x"))


def test_sources_travel_compressed() -> None:
    sources = {"modules/x.py": "value = 1\n" * 1000}
    frame = protocol.pack_sources(sources)
    assert len(frame) < 200
    size = protocol.HEADER.unpack(frame[: protocol.HEADER.size])[2]
    assert protocol.unpack_sources(frame[-size:]) == sources


def test_errors_between_output_go_to_their_own_listener() -> None:
    heard: list[bytes] = []
    pipe = Recorded([(Stream.ERR, b"oops"), (Stream.OUT, b"ab"), (Stream.ERR, b"!"), (Stream.OUT, b"c")])
    inbound = Inbound(pipe, heard.append)  # type: ignore[arg-type] # only receive() is used
    assert protocol.read_exactly(inbound, 3) == b"abc"
    assert heard == [b"oops", b"!"]


def test_bytes_put_back_come_first() -> None:
    inbound = Inbound(Recorded([(Stream.OUT, b"cd")]), Tail().feed)  # type: ignore[arg-type] # only receive() is used
    inbound.push_back(b"ab")
    assert protocol.read_exactly(inbound, 4) == b"abcd"


def test_a_tail_keeps_the_end_only() -> None:
    tail = Tail()
    for number in range(5000):
        tail.feed(f"{number}\n".encode())
    assert tail.text().endswith("4999")
    assert len(tail.text()) <= 4096
