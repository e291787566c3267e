"""What is no password hash is warned of before it locks somebody out."""

from __future__ import annotations

import pytest

from provisioner.remote.passwords import doubt_of_hash


@pytest.mark.parametrize(
    "text",
    [
        "*", "!", "", "!!", "*************",
        "$y$jCT$ZiF3ZV39/maUl9Lzt2Hk80$Ih6bI4OXU52OnWWqt3T1BAmVn8eH.4qlcP.8/NOjGN5",
        "$6$salt$" + "a" * 86, "!$5$salt$" + "b" * 43, "abJnggxhB/yWI",
    ],
)  # fmt: skip
def test_hashes_and_locks_are_taken_as_they_are(text: str) -> None:
    assert doubt_of_hash(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [("plaintextpassword", "not to have been hashed"), ("$6$salt$short", "digest"), ("$6$s$" + "+" * 86, "digest")],
)
def test_anything_else_is_doubted(text: str, said: str) -> None:
    assert said in doubt_of_hash(text)
