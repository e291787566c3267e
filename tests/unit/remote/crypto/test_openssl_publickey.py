"""The public half of a key, in both forms."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.remote.crypto.conftest import Ask


@pytest.mark.parametrize("form", ["PEM", "OpenSSH"])
def test_it_is_written_once(ask: Ask, key: str, form: str) -> None:
    assert ask("openssl_publickey", path="/p", privatekey_path=key, format=form)["changed"]
    assert not ask("openssl_publickey", path="/p", privatekey_path=key, format=form)["changed"]


@pytest.mark.parametrize("kind", [{"type": "RSA", "size": 1024}, {"type": "ECC", "curve": "secp521r1"}], ids=str)
def test_openssh_reads_what_was_written_for_it(ask: Ask, tmp_path: Path, kind: dict[str, object]) -> None:
    ask("openssl_privatekey", path="/k", **kind)
    ask("openssl_publickey", path="/p", privatekey_path="/k", format="OpenSSH")
    told = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "p"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_the_half_of_another_key_is_replaced(ask: Ask, key: str) -> None:
    ask("openssl_privatekey", path="/other", type="Ed25519")
    ask("openssl_publickey", path="/p", privatekey_path="/other")
    assert ask("openssl_publickey", path="/p", privatekey_path=key)["changed"]
