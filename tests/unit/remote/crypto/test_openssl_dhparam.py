"""Diffie-Hellman parameters."""

from __future__ import annotations

from pathlib import Path

from tests.unit.remote.crypto.conftest import Ask


def test_parameters_are_made_once_and_anew_for_another_size(ask: Ask, tmp_path: Path) -> None:
    made = ask("openssl_dhparam", path="/d", size=512)
    assert (made["changed"], made["size"]) == (True, 512), made
    assert not ask("openssl_dhparam", path="/d", size=512)["changed"]
    assert ask("openssl_dhparam", check=True, path="/d", size=1024)["changed"]
    (tmp_path / "d").write_text("nonsense")
    assert ask("openssl_dhparam", path="/d", size=512, backup=True)["backup_file"].startswith("/d.")
    assert ask("openssl_dhparam", path="/d", state="absent")["changed"]
