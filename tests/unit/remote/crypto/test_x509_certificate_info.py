"""What a certificate says."""

from __future__ import annotations

from tests.unit.remote.crypto.conftest import Ask


def test_names_times_and_extensions_are_told(ask: Ask, key: str) -> None:
    names = ["DNS:a.b", "IP:192.0.2.1", "IP:2001:db8::1", "email:a@b", "URI:http://x/"]
    wanted = {"key_usage": ["digitalSignature", "cRLSign"], "extended_key_usage": ["serverAuth"]}
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x", subject_alt_name=names, **wanted)
    ask(
        "x509_certificate",
        path="/c",
        csr_path="/r",
        privatekey_path=key,
        provider="selfsigned",
        selfsigned_not_after="+10d",
    )
    told = ask("x509_certificate_info", path="/c", valid_at={"soon": "+5d", "late": "+20d"})
    assert told["subject"] == told["issuer"] == {"commonName": "x"}
    assert (told["expired"], told["valid_at"]) == (False, {"soon": True, "late": False})
    assert told["subject_alt_name"] == names
    assert told["key_usage"] == ["CRL Sign", "Digital Signature"]
    assert told["extended_key_usage"] == ["TLS Web Server Authentication"]
    assert (told["version"], told["signature_algorithm"], told["public_key_type"]) == (3, "ecdsa-with-SHA256", "ECC")


def test_what_is_no_certificate_is_said_to_be_none(ask: Ask) -> None:
    assert ask("x509_certificate_info", content="nonsense")["failed"]
    assert ask("x509_certificate_info", path="/none")["failed"]
