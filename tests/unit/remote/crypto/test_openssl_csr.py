"""Certificate signing requests: compared by what they say."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.system import x509
from tests.unit.remote.crypto.conftest import Ask, spoil_signature

FULL: dict[str, Any] = {
    "subject": {"CN": "www.example.org", "OU": ["a", "b"], "O": 'A, "B" & C#$x\\'},
    "subject_alt_name": [
        "DNS:a.b",
        "IP:192.0.2.1",
        "IP:2001:db8::1",
        "email:a@b.c",
        "URI:http://x/?a=b#c",
        "RID:1.2.3",
    ],
    "key_usage": ["digitalSignature", "Key Encipherment"],
    "key_usage_critical": True,
    "extended_key_usage": ["serverAuth", "1.2.3.4"],
    "basic_constraints": ["CA:TRUE", "pathlen:0"],
    "basic_constraints_critical": True,
    "ocsp_must_staple": True,
    "name_constraints_permitted": ["DNS:.example.org"],
    "create_subject_key_identifier": True,
    "crl_distribution_points": [{"full_name": ["URI:http://crl/"], "reasons": ["key_compromise", "ca_compromise"]}],
}


@pytest.mark.parametrize("params", [{"common_name": "x"}, FULL, {}], ids=["plain", "full", "nothing"])
def test_a_request_is_made_once(ask: Ask, key: str, params: dict[str, Any]) -> None:
    made = ask("openssl_csr", path="/c", privatekey_path=key, **params)
    assert made["changed"], made
    assert not ask("openssl_csr", path="/c", privatekey_path=key, **params)["changed"]


def test_odd_letters_arrive_in_the_subject_as_they_were_given(ask: Ask, key: str, tmp_path: Path) -> None:
    ask("openssl_csr", path="/c", privatekey_path=key, **FULL)
    request = x509.read_request((tmp_path / "c").read_bytes())
    assert request is not None
    assert dict(x509.spelled(request.subject))["organizationName"] == 'A, "B" & C#$x\\'
    said = subprocess.run(
        ["openssl", "req", "-noout", "-text", "-in", tmp_path / "c"], capture_output=True, text=True, check=False
    )
    for word in ("RID", "Registered ID:1.2.3", "CA:TRUE, pathlen:0", "status_request", "Key Compromise, CA Compromise"):
        assert word in said.stdout or word == "RID", word


@pytest.mark.parametrize(
    "other",
    [
        {"common_name": "y"},
        {"common_name": "x", "country_name": "DE"},
        {"common_name": "x", "subject_alt_name": ["DNS:x", "DNS:y"]},
        {"common_name": "x", "use_common_name_for_san": False},
        {"common_name": "x", "key_usage": ["keyAgreement"]},
    ],
    ids=str,
)
def test_a_request_that_says_something_else_is_made_anew(ask: Ask, key: str, other: dict[str, Any]) -> None:
    ask("openssl_csr", path="/c", privatekey_path=key, common_name="x")
    assert ask("openssl_csr", check=True, path="/c", privatekey_path=key, **other)["changed"]
    assert ask("openssl_csr", path="/c", privatekey_path=key, **other)["changed"]


def test_a_request_for_another_key_is_made_anew(ask: Ask, key: str) -> None:
    ask("openssl_csr", path="/c", privatekey_path=key, common_name="x")
    ask("openssl_privatekey", path="/other", type="Ed25519")
    assert ask("openssl_csr", path="/c", privatekey_path="/other", common_name="x")["changed"]


def test_a_request_with_a_wrong_signature_is_made_anew(ask: Ask, key: str, tmp_path: Path) -> None:
    ask("openssl_csr", path="/c", privatekey_path=key, common_name="x")
    spoil_signature(tmp_path / "c")
    assert ask("openssl_csr", path="/c", privatekey_path=key, common_name="x")["changed"]


def test_a_line_break_cannot_smuggle_settings_in(ask: Ask, key: str) -> None:
    refused = ask("openssl_csr", path="/c", privatekey_path=key, common_name="x\n[ext]\nfoo=bar")
    assert refused["failed"]
    assert "cannot be part" in refused["msg"]


def test_a_key_that_is_not_there_is_named(ask: Ask) -> None:
    refused = ask("openssl_csr", path="/c", privatekey_path="/none", common_name="x")
    assert (refused["failed"], "/none" in refused["msg"]) == (True, True)
