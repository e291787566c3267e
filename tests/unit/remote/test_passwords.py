"""Hashes of passwords are those that other programs make and check."""

from __future__ import annotations

import subprocess

import pytest

from provisioner.remote.passwords import hashed, matches

SCHEMES = (
    "apr_md5_crypt",
    "md5_crypt",
    "ldap_sha1",
    "sha256_crypt",
    "sha512_crypt",
    "bcrypt",
    "des_crypt",
    "plaintext",
)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_hash_fits_its_password_and_no_other(scheme: str) -> None:
    made = hashed("correct horse", scheme)
    assert matches("correct horse", made)
    assert not matches("wrong", made)


@pytest.mark.parametrize("flag", ["-apr1", "-1", "-5", "-6"])
@pytest.mark.parametrize("password", ["a", "exactly sixteen.", "longer than sixteen bytes \u00e4\u00f6\u00fc"])
def test_hashes_of_openssl_are_known(flag: str, password: str) -> None:
    command = ["openssl", "passwd", flag, "-salt", "saltsalt", "-stdin"]
    made = subprocess.run(command, input=password + "\n", capture_output=True, text=True, check=True).stdout.strip()
    assert matches(password, made)
    assert not matches(password + "x", made)


def test_two_hashes_of_one_password_differ() -> None:
    assert hashed("x", "apr_md5_crypt") != hashed("x", "apr_md5_crypt")


def test_an_unknown_scheme_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"rot13.*apr_md5_crypt"):
        hashed("x", "rot13")
