"""Vault texts made by ansible-vault are read, and ours are read by it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.syntax import yaml
from provisioner.syntax.vault import Vault, VaultSecret, VaultText, is_encrypted

FILE = Path(__file__).parents[2] / "fixtures" / "vault" / "encrypted.yml"
ORACLE = os.environ.get("PROVISIONER_ORACLE")
VALUE = """$ANSIBLE_VAULT;1.2;AES256;prod
37356237663835333762623366313564363134366636313666386163323765663738623764623439
3138363962343632356132353231303635626131653164300a363838653633393534663763663163
30633964356135336537343430663765666338663031633366626539303233616532636434633938
3965643632306363350a343133313631386530626135396232623162366364633565663231643439
6138
"""
DEFAULT = VaultSecret("default", b"hunter2")
PROD = VaultSecret("prod", b"other")


def test_a_file_made_by_ansible_vault_is_decrypted_and_its_values_are_reported() -> None:
    told: list[str] = []
    source = Source("encrypted.yml", FILE.read_text())
    content = yaml.load(source, vault=Vault([PROD, DEFAULT], told.append))
    assert content == {"secret": True, "nested": {"pw": "s3cr3t", "n": 42}}
    assert {"s3cr3t", "42"} <= set(told)


def test_positions_in_a_decrypted_file_never_show_its_lines() -> None:
    content = yaml.load(Source("encrypted.yml", FILE.read_text()), vault=Vault([DEFAULT]))
    assert isinstance(content, dict)
    position = content["nested"]["pw"].position
    assert (position.line, position.source.secret) == (2, True)
    assert position.source.line(2) is None


def test_an_encrypted_file_without_any_password_says_how_to_give_one() -> None:
    with pytest.raises(InputError, match="--ask-vault-pass"):
        yaml.load(Source("e.yml", FILE.read_text()))


def test_a_value_with_an_id_is_opened_lazily_and_reported() -> None:
    told: list[str] = []
    vault = Vault([DEFAULT, PROD], told.append)
    text = VaultText(VALUE, None)
    assert not told
    assert vault.reveal(text) == "the value é"
    assert told == ["the value é"]
    assert vault.reveal(text) == "the value é"


def test_the_password_with_the_matching_id_is_tried_first_and_others_after_it() -> None:
    wrong_id = VaultSecret("test", b"other")
    assert Vault([DEFAULT, wrong_id]).decrypt(VALUE).decode() == "the value é"


def test_a_wrong_password_names_the_file_and_the_ids_tried() -> None:
    position = Position(Source("group_vars/all.yml"), 3, 5)
    with pytest.raises(InputError) as caught:
        Vault([DEFAULT, VaultSecret("prod", b"wrong")]).decrypt(VALUE, position)
    message = str(caught.value)
    assert "none of the vault passwords opens group_vars/all.yml" in message
    assert "ids tried: prod, default" in message


@pytest.mark.parametrize(
    "damaged",
    [VALUE.replace("3735", "3736", 1), VALUE.replace("6138\n", "61\n"), VALUE.replace("6138\n", "zz\n"),
     "\n".join(VALUE.splitlines()[:3])],
)  # fmt: skip
def test_a_damaged_text_is_an_error(damaged: str) -> None:
    with pytest.raises(InputError, match=r"damaged|none of the vault passwords"):
        Vault([PROD]).decrypt(damaged)


def test_other_formats_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"vault format 1\.0 with AES is not supported"):
        Vault([DEFAULT]).decrypt("$ANSIBLE_VAULT;1.0;AES\n3132\n")


def test_what_is_encrypted_can_be_decrypted_and_never_looks_the_same_twice() -> None:
    vault = Vault([DEFAULT, PROD])
    first, second = vault.encrypt(b"data\0\xff"), vault.encrypt(b"data\0\xff")
    assert first != second
    assert first.startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert max(map(len, first.splitlines())) <= 80
    assert vault.decrypt(first) == b"data\0\xff"
    named = vault.encrypt(b"x", "prod")
    assert named.startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert Vault([PROD]).decrypt(named) == b"x"


def test_encrypting_with_an_id_that_was_not_given_names_the_ones_that_were() -> None:
    with pytest.raises(InputError, match="ids given: default"):
        Vault([DEFAULT]).encrypt(b"x", "prod")


def test_encrypted_text_is_recognised() -> None:
    assert is_encrypted(VALUE)
    assert is_encrypted(VALUE.encode())
    assert is_encrypted("\n  " + VALUE)
    assert not is_encrypted("")
    assert not is_encrypted("a: $ANSIBLE_VAULT;")


@pytest.mark.skipif(not ORACLE, reason="PROVISIONER_ORACLE is not set")
@pytest.mark.parametrize("vault_id", [None, "prod"])
def test_ansible_vault_reads_what_we_encrypt(tmp_path: Path, vault_id: str | None) -> None:
    (tmp_path / "password").write_bytes(b"other\n")
    (tmp_path / "file").write_text(Vault([PROD]).encrypt("grüße".encode(), vault_id))
    words = [f"{ORACLE}/ansible-vault", "view", "--vault-id", f"prod@{tmp_path}/password", str(tmp_path / "file")]
    done = subprocess.run(words, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.stdout.decode().strip() == "grüße"
