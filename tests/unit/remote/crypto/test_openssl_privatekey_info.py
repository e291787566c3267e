"""What a private key is."""

from __future__ import annotations

from provisioner.remote.system import der
from tests.unit.remote.crypto.conftest import Ask


def test_kind_and_public_half_are_told_and_nothing_private(ask: Ask, key: str) -> None:
    told = ask("openssl_privatekey_info", path=key, check_consistency=True)
    assert (told["changed"], told["type"], told["key_is_consistent"]) == (False, "ECC", True)
    assert told["public_data"]["curve"] == "secp256r1"
    assert told["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert "PRIVATE" not in str(told)


def test_what_is_no_key_is_said_to_be_none(ask: Ask) -> None:
    told = ask("openssl_privatekey_info", content="nonsense")
    assert (told["failed"], told["can_parse_key"]) == (True, False)


def test_the_numbers_of_a_dsa_key_are_told() -> None:
    p, q, g, y = 0xFFFFFFFFFFC5, 0xFFF1, 0x10203, 0xABCDEF
    dsa = der.tlv(0x30, der.identifier("1.2.840.10040.4.1"), der.tlv(0x30, *map(der.number, (p, q, g))))
    known = der.key_kind(der.tlv(0x30, dsa, der.tlv(0x03, b"\0", der.number(y))))
    assert known == {"type": "DSA", "size": 48, "p": p, "q": q, "g": g, "y": y}
