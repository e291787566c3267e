"""Password hashes are those of crypt(3) and refuse what it would take in another sense."""

from __future__ import annotations

import pytest

from provisioner.templating.passwords import hashed


@pytest.mark.parametrize(
    ("kind", "salt", "options", "start"),
    [
        ("sha512", "abc", {}, "$6$abc$"),
        ("sha512_crypt", "abc", {"rounds": 5000}, "$6$abc$"),
        ("sha256", "abc", {"rounds": 10_000}, "$5$rounds=10000$abc$"),
        ("md5", "abc", {}, "$1$abc$"),
        ("bcrypt", "1234567890123456789012", {"rounds": 4}, "$2b$04$123456789012345678901"),
        ("blowfish", "1234567890123456789012", {"rounds": 4, "ident": "2a"}, "$2a$04$123456789012345678901"),
    ],
)
def test_the_hash_shows_kind_rounds_and_salt(kind: str, salt: str, options: dict[str, object], start: str) -> None:
    found = hashed("secret", kind, salt=salt, **options)
    assert found.startswith(start)
    assert found == hashed("secret", kind, salt=salt, **options)
    assert found != hashed("other", kind, salt=salt, **options)


def test_the_published_example_of_sha512_crypt_comes_out() -> None:
    expected = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
    assert hashed("Hello world!", "sha512", salt="saltstring") == expected


def test_without_a_salt_every_hash_differs() -> None:
    assert hashed("x") != hashed("x")
    assert len(hashed("x", salt_size=4).split("$")[2]) == 4


@pytest.mark.parametrize(
    ("kind", "salt", "said"),
    [
        ("sha1", None, "does not support 'sha1' algorithm"),
        ("sha512", "a b", "a salt has letters"),
        ("sha512", "x" * 17, "at most 16"),
        ("bcrypt", "short", "has 22 characters"),
    ],
)
def test_what_cannot_be_hashed_is_said(kind: str, salt: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hashed("x", kind, salt=salt)
