"""Many files in one body come out as they went in; a body that is cut or of another kind is refused."""

from __future__ import annotations

import io

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.system import parcel
from provisioner.remote.system.parcel import AT_ONCE, contents, heading

FILES = {"a": b"one", "empty": b"", "n\udcffme/\u00e9": b"x" * 10, "large": b"y" * (AT_ONCE + 7), "last": b"z"}


def packed(files: dict[str, bytes]) -> bytes:
    return b"".join(heading(name, len(content)) + content for name, content in files.items())


def whole(stream: object) -> bytes:
    return b"".join(iter(lambda: stream.read(1000), b""))  # type: ignore[attr-defined]


def test_files_come_out_as_they_went_in() -> None:
    assert {name: whole(content) for name, content in contents(io.BytesIO(packed(FILES)))} == FILES


def test_who_does_not_read_a_content_finds_the_next_one_all_the_same() -> None:
    assert [name for name, _ in contents(io.BytesIO(packed(FILES)))] == list(FILES)


@pytest.mark.parametrize("cut", [1, 5, parcel.SIZES.size, parcel.SIZES.size + 2])
def test_a_body_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(Failed, match="in the middle of one"):
        list(contents(io.BytesIO(packed({"a": b"one"})[:cut])))


def test_a_large_content_that_is_cut_is_refused() -> None:
    with pytest.raises(Failed, match="in the middle of one"):
        list(contents(io.BytesIO(packed({"large": FILES["large"]})[:-1])))


def test_what_was_not_packed_so_is_refused() -> None:
    with pytest.raises(Failed, match="not as they were packed"):
        list(contents(io.BytesIO(b"\xff" * 100)))
