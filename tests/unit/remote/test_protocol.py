"""Frames: what goes in comes out, and what is no frame is refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.remote import protocol

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.binary(max_size=200))
def test_a_frame_comes_out_as_it_went_in(head: dict[str, object], body: bytes) -> None:
    stream = io.BytesIO(protocol.pack(protocol.REQUEST, head, body))
    assert protocol.read_head(stream) == (protocol.REQUEST, head, len(body))
    assert protocol.read_exactly(stream, len(body)) == body
    assert protocol.read_head(stream) is None


def test_a_header_alone_announces_a_streamed_body() -> None:
    whole = protocol.pack(protocol.RESULT, {"a": 1}, b"xyz")
    assert protocol.pack_header(protocol.RESULT, {"a": 1}, 3) + b"xyz" == whole


@given(st.integers(1, 20))
def test_a_frame_cut_short_is_broken_not_half_read(cut: int) -> None:
    whole = protocol.pack(protocol.REQUEST, {"a": 1})
    with pytest.raises(protocol.Broken):
        protocol.read_head(io.BytesIO(whole[: -min(cut, len(whole) - 1)]))


def test_a_head_too_large_to_be_ours_is_refused() -> None:
    header = protocol.HEADER.pack(protocol.REQUEST, protocol.MAX_HEAD + 1, 0)
    with pytest.raises(protocol.Broken):
        protocol.read_head(io.BytesIO(header))


def test_values_json_has_no_words_for_still_travel() -> None:
    frame = io.BytesIO(protocol.pack(protocol.RESULT, {"b": b"\xff", "s": {1}, "t": (1, 2)}))
    found = protocol.read_head(frame)
    assert found is not None
    assert found[1] == {"b": "\udcff", "s": [1], "t": [1, 2]}
