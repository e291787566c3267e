"""The vault command on real files."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner.app import vault as vaults
from provisioner.cli.commands import vault as command
from provisioner.cli.main import main
from provisioner.syntax.vault import Vault, VaultSecret

PLAIN = "db_password: hunter2\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    (tmp_path / "pass").write_text("old-pass\n")
    (tmp_path / "new").write_text("new-pass\n")
    (tmp_path / "secrets.yml").write_text(PLAIN)
    (tmp_path / "secrets.yml").chmod(0o640)
    return tmp_path


def opened(path: Path, password: str = "old-pass", vault_id: str = "default") -> str:
    return Vault([VaultSecret(vault_id, password.encode())]).decrypt(path.read_text()).decode()


def editor(place: Path, script: str) -> str:
    path = place / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_encrypt_and_decrypt_in_place_keep_the_mode(place: Path) -> None:
    path = place / "secrets.yml"
    assert main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"]) == 0
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert opened(path) == PLAIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert main(["vault", "decrypt", "--vault-password-file", "pass", "secrets.yml"]) == 0
    assert path.read_text() == PLAIN
    assert sorted(p.name for p in place.iterdir()) == ["new", "pass", "secrets.yml"]


def test_an_id_is_written_into_the_header(place: Path) -> None:
    assert main(["vault", "encrypt", "--vault-id", "prod@pass", "secrets.yml"]) == 0
    assert (place / "secrets.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")


def test_with_several_passwords_the_one_to_use_must_be_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["vault", "encrypt", "--vault-id", "a@pass", "--vault-id", "b@new", "secrets.yml"]
    assert main(words) == 4
    assert "choose with --encrypt-vault-id" in capsys.readouterr().err
    assert main([*words, "--encrypt-vault-id", "b"]) == 0
    assert opened(place / "secrets.yml", "new-pass", "b") == PLAIN


def test_encrypting_twice_and_decrypting_plain_text_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vault", "decrypt", "--vault-password-file", "pass", "secrets.yml"]) == 4
    assert "secrets.yml is not encrypted" in capsys.readouterr().err
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    assert main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"]) == 4
    assert "encrypted already" in capsys.readouterr().err


def test_output_goes_elsewhere_and_the_source_stays(place: Path) -> None:
    words = ["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml", "--output", "out.yml"]
    assert main(words) == 0
    assert (place / "secrets.yml").read_text() == PLAIN
    assert opened(place / "out.yml") == PLAIN
    assert stat.S_IMODE((place / "out.yml").stat().st_mode) == 0o600


def test_view_prints_the_plain_text(place: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    assert main(["vault", "view", "--vault-password-file", "pass", "secrets.yml"]) == 0
    assert capsysbinary.readouterr().out == PLAIN.encode()


def test_a_wrong_password_is_one_clear_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    assert main(["vault", "view", "--vault-password-file", "new", "secrets.yml"]) == 4
    assert "none of the vault passwords opens secrets.yml" in capsys.readouterr().err


def test_rekey_changes_the_password(place: Path) -> None:
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    words = ["vault", "rekey", "--vault-password-file", "pass", "--new-vault-id", "prod@new", "secrets.yml"]
    assert main(words) == 0
    assert opened(place / "secrets.yml", "new-pass", "prod") == PLAIN


def test_edit_shows_the_plain_text_privately_and_leaves_nothing_behind(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["vault", "encrypt", "--vault-id", "prod@pass", "secrets.yml"])
    script = f'stat -c "%a %n" "$1" "$(dirname "$1")" > {place}/seen; cat "$1" >> {place}/seen; echo "more: 1" >> "$1"'
    monkeypatch.setenv("EDITOR", editor(place, script))
    monkeypatch.delenv("VISUAL", raising=False)
    assert main(["vault", "edit", "--vault-id", "prod@pass", "secrets.yml"]) == 0
    assert opened(place / "secrets.yml", "old-pass", "prod") == PLAIN + "more: 1\n"
    assert (place / "secrets.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    seen = (place / "seen").read_text().splitlines()
    file_mode, file_name = seen[0].split()
    folder_mode, folder = seen[1].split()
    assert (file_mode, folder_mode) == ("600", "700")
    assert file_name.endswith("/secrets.yml")
    assert seen[2] == PLAIN.strip()
    assert not Path(folder).exists()


def test_an_edit_that_changes_nothing_leaves_the_file_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    before = (place / "secrets.yml").read_bytes()
    monkeypatch.setenv("VISUAL", "true")
    assert main(["vault", "edit", "--vault-password-file", "pass", "secrets.yml"]) == 0
    assert (place / "secrets.yml").read_bytes() == before


@pytest.mark.parametrize("script", ["exit 3", "kill -TERM $PPID; sleep 5"])
def test_the_plain_text_is_removed_when_the_editor_fails_or_we_are_told_to_stop(
    place: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    main(["vault", "encrypt", "--vault-password-file", "pass", "secrets.yml"])
    before = (place / "secrets.yml").read_bytes()
    monkeypatch.setenv("VISUAL", editor(place, f'echo "$1" > {place}/seen; {script}'))
    try:
        code = main(["vault", "edit", "--vault-password-file", "pass", "secrets.yml"])
    except SystemExit as left:
        code = int(str(left.code))
    assert code in (4, 128 + 15)
    assert (place / "secrets.yml").read_bytes() == before
    assert not Path((place / "seen").read_text().strip()).exists()


def test_a_missing_editor_is_an_unmet_need(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISUAL", "no-such-editor")
    assert main(["vault", "create", "--vault-password-file", "pass", "new.yml"]) == 1
    assert "the editor 'no-such-editor' was not found: set EDITOR" in capsys.readouterr().err
    assert not (place / "new.yml").exists()


def test_create_writes_a_private_file_and_never_over_another(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISUAL", editor(place, 'echo "a: 1" > "$1"'))
    assert main(["vault", "create", "--vault-password-file", "pass", "new.yml"]) == 0
    assert opened(place / "new.yml") == "a: 1\n"
    assert stat.S_IMODE((place / "new.yml").stat().st_mode) == 0o600
    assert main(["vault", "create", "--vault-password-file", "pass", "new.yml"]) == 4
    assert "exists already" in capsys.readouterr().err


def test_encrypt_string_prints_yaml_to_paste(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vault", "encrypt-string", "--vault-password-file", "pass", "hunter2", "-n", "db_password"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "db_password: !vault |"
    assert all(line.startswith(" " * 10) for line in lines[1:])
    text = "\n".join(line.strip() for line in lines[1:])
    assert Vault([VaultSecret("default", b"old-pass")]).decrypt(text) == b"hunter2"


def test_a_value_from_standard_input_gets_its_name(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2"))
    words = ["vault", "encrypt_string", "--vault-password-file", "pass", "--stdin-name", "token"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("token: !vault |\n")


def test_without_an_option_the_password_is_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ask_secret", lambda _question: "asked-pass")
    assert main(["vault", "encrypt", "secrets.yml"]) == 0
    assert opened(place / "secrets.yml", "asked-pass") == PLAIN


def test_two_different_answers_for_a_new_password_are_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter(["one", "two"])
    monkeypatch.setattr(command, "ask_secret", lambda _question: next(given))
    monkeypatch.setattr(command, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    assert main(["vault", "encrypt", "secrets.yml"]) == 4
    assert "the two passwords differ" in capsys.readouterr().err


def test_a_link_is_followed_not_replaced(place: Path) -> None:
    (place / "link").symlink_to("secrets.yml")
    vaults.write(place / "link", b"x")
    assert (place / "link").is_symlink()
    assert (place / "secrets.yml").read_bytes() == b"x"
