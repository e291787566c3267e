"""Private keys: made once, with their final mode, made anew only where they are of another kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.remote.crypto.conftest import Ask

KINDS = [
    {"type": "RSA", "size": 1024},
    {"type": "ECC", "curve": "secp384r1"},
    {"type": "ECC", "curve": "secp256k1"},
    {"type": "Ed25519"},
    {"type": "X448"},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_key_of_each_kind_is_made_once(ask: Ask, tmp_path: Path, kind: dict[str, object]) -> None:
    assert ask("openssl_privatekey", check=True, path="/k", **kind)["changed"]
    assert not (tmp_path / "k").exists()
    made = ask("openssl_privatekey", path="/k", **kind)
    again = ask("openssl_privatekey", path="/k", **kind)
    assert (made["changed"], again["changed"]) == (True, False), made
    assert made["fingerprint"] == again["fingerprint"]
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600


def test_a_key_with_a_passphrase_is_known_by_it_and_by_no_other(ask: Ask, tmp_path: Path) -> None:
    phrase = "se cret$'\\"
    assert ask("openssl_privatekey", path="/k", size=1024, passphrase=phrase)["changed"]
    assert b"ENCRYPTED" in (tmp_path / "k").read_bytes()
    assert not ask("openssl_privatekey", path="/k", size=1024, passphrase=phrase)["changed"]
    refused = ask("openssl_privatekey", path="/k", size=1024, passphrase="x", regenerate="partial_idempotence")
    assert refused["failed"]
    assert "Unable to read the key" in refused["msg"]
    assert ask("openssl_privatekey", path="/k", size=1024)["changed"]


def test_another_size_makes_another_key_unless_that_is_forbidden(ask: Ask) -> None:
    ask("openssl_privatekey", path="/k", size=1024)
    assert not ask("openssl_privatekey", path="/k", size=2048, regenerate="never")["changed"]
    assert ask("openssl_privatekey", path="/k", size=2048, regenerate="fail")["failed"]
    assert ask("openssl_privatekey", path="/k", size=2048)["changed"]


def test_a_key_is_converted_and_stays_the_same_key(ask: Ask, tmp_path: Path) -> None:
    first = ask("openssl_privatekey", path="/k", size=1024)
    assert b"BEGIN RSA PRIVATE KEY" in (tmp_path / "k").read_bytes()
    second = ask("openssl_privatekey", path="/k", size=1024, format="pkcs8", format_mismatch="convert")
    assert second["changed"]
    assert second["fingerprint"] == first["fingerprint"]
    assert b"BEGIN PRIVATE KEY" in (tmp_path / "k").read_bytes()


def test_only_the_mode_is_set_where_only_the_mode_differs(ask: Ask, key: str, tmp_path: Path) -> None:
    before = (tmp_path / "k.pem").read_bytes()
    done = ask("openssl_privatekey", path=key, type="ECC", curve="secp256r1", mode="0640")
    assert done["changed"]
    assert (tmp_path / "k.pem").read_bytes() == before
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o640


def test_a_key_is_removed(ask: Ask, key: str, tmp_path: Path) -> None:
    assert ask("openssl_privatekey", path=key, state="absent")["changed"]
    assert not (tmp_path / "k.pem").exists()
    assert not ask("openssl_privatekey", path=key, state="absent")["changed"]
