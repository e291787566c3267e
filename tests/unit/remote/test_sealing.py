"""What a host keeps for its controller is sealed: unreadable without the key, and no change goes unnoticed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.remote.sealing import seal, unseal

KEY = b"k" * 32


@given(st.binary(max_size=300))
def test_what_was_sealed_comes_back(text: bytes) -> None:
    assert unseal(KEY, seal(KEY, text)) == text


def test_the_text_is_nowhere_in_what_is_stored() -> None:
    sealed = base64.b64decode(seal(KEY, b"swordfish" * 20))
    assert b"swordfish" not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal(KEY, b"same") != seal(KEY, b"same")


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    data = bytearray(base64.b64decode(seal(KEY, b"swordfish")))
    data[place] ^= 1
    with pytest.raises(ValueError, match="changed"):
        unseal(KEY, base64.b64encode(bytes(data)).decode())


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="another key"):
        unseal(b"o" * 32, seal(KEY, b"swordfish"))


def test_what_is_too_short_is_no_seal() -> None:
    with pytest.raises(ValueError, match="another key"):
        unseal(KEY, "aaaa")
