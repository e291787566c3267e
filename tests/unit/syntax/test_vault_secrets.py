"""Vault passwords come from files, scripts and prompts."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.syntax.vault_secrets import read_vault_secrets


def never(_question: str) -> str:
    raise AssertionError("nobody must be asked")


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_files_and_ids_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("first\n")
    (tmp_path / "two").write_text("  second \n")
    found = read_vault_secrets([f"prod@{tmp_path}/one", f"{tmp_path}/two"], [f"{tmp_path}/one"], never)
    assert [(s.id, s.password) for s in found] == [("prod", b"first"), ("default", b"second"), ("default", b"first")]
    assert "first" not in repr(found)


def test_a_prompt_asks_and_keeps_spaces() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return " pass word "

    found = read_vault_secrets(["dev@prompt", "prompt"], [], ask)
    assert [s.password for s in found] == [b" pass word ", b" pass word "]
    assert asked == ["Vault password (dev): ", "Vault password: "]


def test_an_executable_prints_the_password_and_a_client_is_told_the_id(tmp_path: Path) -> None:
    plain = script(tmp_path / "give", "echo given $#\n")
    client = script(tmp_path / "keys-client.sh", 'echo "$1=$2"\n')
    found = read_vault_secrets([f"x@{plain}", f"prod@{client}"], [], never)
    assert [s.password for s in found] == [b"given 0", b"--vault-id=prod"]


def test_failures_name_the_source(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    broken = script(tmp_path / "broken", "echo no key >&2; exit 3\n")
    unknown = script(tmp_path / "k-client", "exit 2\n")
    for word, message in (
        (f"{tmp_path}/nope", "does not exist"),
        (f"{tmp_path}/empty", "is empty"),
        (str(broken), "failed with 3"),
        (f"prod@{unknown}", "knows no password for id 'prod'"),
    ):
        with pytest.raises(InputError, match=message):
            read_vault_secrets([word], [], never)
