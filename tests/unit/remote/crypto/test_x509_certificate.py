"""Certificates: signed by their own key or an authority, and made anew only where they are wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.remote.crypto.conftest import Ask, spoil_signature

AUTHORITY = {"ownca_path": "/ca.crt", "ownca_privatekey_path": "/ca.pem", "provider": "ownca"}


@pytest.fixture(name="authority")
def an_authority(ask: Ask) -> dict[str, Any]:
    ask("openssl_privatekey", path="/ca.pem", type="ECC", curve="secp384r1")
    says = {
        "basic_constraints": ["CA:TRUE"],
        "basic_constraints_critical": True,
        "key_usage": ["keyCertSign"],
        "use_common_name_for_san": False,
    }
    ask("openssl_csr", path="/ca.csr", privatekey_path="/ca.pem", common_name="CA", **says)
    made = ask("x509_certificate", path="/ca.crt", csr_path="/ca.csr", privatekey_path="/ca.pem", provider="selfsigned")
    assert made["changed"], made
    return AUTHORITY


@pytest.mark.parametrize(
    "kind", [{"type": "RSA", "size": 1024}, {"type": "ECC", "curve": "secp256r1"}, {"type": "Ed25519"}], ids=str
)
def test_a_certificate_of_each_kind_of_key_signs_itself(ask: Ask, tmp_path: Path, kind: dict[str, Any]) -> None:
    ask("openssl_privatekey", path="/k", **kind)
    ask("openssl_csr", path="/r", privatekey_path="/k", common_name="x")
    params = {"path": "/c", "csr_path": "/r", "privatekey_path": "/k", "provider": "selfsigned"}
    made = ask("x509_certificate", **params)
    assert made["changed"], made
    assert not ask("x509_certificate", **params)["changed"]
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "c", tmp_path / "c"], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_an_authority_signs_and_openssl_believes_it(
    ask: Ask, key: str, authority: dict[str, Any], tmp_path: Path
) -> None:
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="www.example.org")
    made = ask("x509_certificate", path="/c", csr_path="/r", **authority)
    assert made["changed"], made
    assert not ask("x509_certificate", path="/c", csr_path="/r", **authority)["changed"]
    words = ["openssl", "verify", "-x509_strict", "-CAfile", tmp_path / "ca.crt", tmp_path / "c"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_request_with_a_wrong_signature_is_not_signed(
    ask: Ask, key: str, authority: dict[str, Any], tmp_path: Path
) -> None:
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x")
    spoil_signature(tmp_path / "r")
    refused = ask("x509_certificate", path="/c", csr_path="/r", **authority)
    assert refused["failed"]
    assert "its signature is wrong" in refused["msg"]
    assert not (tmp_path / "c").exists()


def test_times_count_where_they_are_asked_for(ask: Ask, key: str) -> None:
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x")
    params: dict[str, Any] = {"path": "/c", "csr_path": "/r", "privatekey_path": key, "provider": "selfsigned"}
    times = {"selfsigned_not_before": "20200101000000Z", "selfsigned_not_after": "20601231235959Z"}
    made = ask("x509_certificate", **params, **times)
    assert (made["notBefore"], made["notAfter"]) == ("20200101000000Z", "20601231235959Z")
    assert not ask("x509_certificate", **params)["changed"]
    assert not ask("x509_certificate", ignore_timestamps=False, **params, **times)["changed"]
    later = dict(times, selfsigned_not_after="20611231235959Z")
    assert ask("x509_certificate", ignore_timestamps=False, **params, **later)["changed"]


def test_another_request_key_or_authority_makes_a_new_one(ask: Ask, key: str, authority: dict[str, Any]) -> None:
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x")
    own = {"path": "/c", "csr_path": "/r", "privatekey_path": key, "provider": "selfsigned"}
    ask("x509_certificate", **own)
    assert ask("x509_certificate", path="/c", csr_path="/r", **authority)["changed"]
    assert ask("x509_certificate", **own)["changed"]
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x", extended_key_usage=["clientAuth"])
    assert ask("x509_certificate", check=True, **own)["changed"]


def test_a_key_that_does_not_fit_the_request_is_refused(ask: Ask, key: str) -> None:
    ask("openssl_csr", path="/r", privatekey_path=key, common_name="x")
    ask("openssl_privatekey", path="/other", type="Ed25519")
    refused = ask("x509_certificate", path="/c", csr_path="/r", privatekey_path="/other", provider="selfsigned")
    assert "does not belong" in refused["msg"]
