"""Pairs of SSH keys."""

from __future__ import annotations

from pathlib import Path

from tests.unit.remote.crypto.conftest import Ask


def test_a_pair_is_made_once_and_its_files_have_their_modes(ask: Ask, tmp_path: Path) -> None:
    made = ask("openssh_keypair", path="/id", type="ed25519", comment="a b")
    assert made["changed"], made
    assert made["comment"] == "a b"
    again = ask("openssh_keypair", path="/id", type="ed25519", comment="a b")
    assert (again["changed"], again["fingerprint"]) == (False, made["fingerprint"])
    assert (tmp_path / "id").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "id.pub").read_text().split()[2:] == ["a", "b"]


def test_another_comment_or_a_lost_public_file_is_mended(ask: Ask, tmp_path: Path) -> None:
    first = ask("openssh_keypair", path="/id", type="ed25519", comment="a")
    private = (tmp_path / "id").read_bytes()
    assert ask("openssh_keypair", path="/id", type="ed25519", comment="b")["changed"]
    (tmp_path / "id.pub").unlink()
    mended = ask("openssh_keypair", path="/id", type="ed25519", comment="b")
    assert (mended["changed"], mended["fingerprint"]) == (True, first["fingerprint"])
    assert (tmp_path / "id").read_bytes() == private


def test_a_passphrase_protects_the_key(ask: Ask) -> None:
    assert ask("openssh_keypair", path="/id", type="ecdsa", passphrase="hal lo$")["changed"]
    assert not ask("openssh_keypair", path="/id", type="ecdsa", passphrase="hal lo$")["changed"]
    assert "Unable to read the key" in ask("openssh_keypair", path="/id", type="ecdsa", passphrase="x")["msg"]
    assert ask("openssh_keypair", path="/id", type="ecdsa", passphrase="x", regenerate="full_idempotence")["changed"]


def test_another_kind_makes_another_key_unless_that_is_forbidden(ask: Ask) -> None:
    ask("openssh_keypair", path="/id", type="ed25519")
    assert ask("openssh_keypair", path="/id", type="ecdsa", regenerate="fail")["failed"]
    assert ask("openssh_keypair", path="/id", type="ecdsa")["changed"]
    assert ask("openssh_keypair", path="/id", state="absent")["changed"]
