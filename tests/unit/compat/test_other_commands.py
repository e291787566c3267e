"""ansible-vault, ansible-doc and ansible-pull."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.compat.conftest import Started


@pytest.fixture
def secrets(place: Path) -> Path:
    (place / "old").write_text("old-pass\n")
    (place / "new").write_text("new-pass\n")
    (place / "s.yml").write_text("a: b\n")
    return place


def test_a_file_is_encrypted_viewed_rekeyed_and_decrypted(secrets: Path, start: Started) -> None:
    assert start("ansible-vault", "encrypt", "--vault-password-file", "old", "s.yml").code == 0
    assert (secrets / "s.yml").read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    words = ("--vault-password-file", "old", "--new-vault-password-file", "new", "s.yml")
    assert start("ansible-vault", "rekey", *words).code == 0
    refused = start("ansible-vault", "view", "--vault-password-file", "old", "s.yml")
    assert refused.code == 1
    assert "Decryption failed" in refused.err
    assert start("ansible-vault", "decrypt", "--vault-password-file", "new", "s.yml").code == 0
    assert (secrets / "s.yml").read_text() == "a: b\n"


def test_of_several_passwords_the_one_to_encrypt_with_must_be_named(secrets: Path, start: Started) -> None:
    words = ("encrypt", "--vault-id", "a@old", "--vault-id", "b@new", "s.yml")
    assert start("ansible-vault", *words).code == 5
    unknown = start("ansible-vault", *words, "--encrypt-vault-id", "c")
    assert unknown.code == 1
    assert "Did not find a match for --encrypt-vault-id=c in the known vault-ids ['a', 'b']" in unknown.err
    assert start("ansible-vault", *words, "--encrypt-vault-id", "b").code == 0
    assert (secrets / "s.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;b\n")


def test_a_password_that_cannot_be_had_is_told_and_another_used(secrets: Path, start: Started) -> None:
    words = ("encrypt", "--vault-id", "a@nothere", "--vault-id", "b@new", "s.yml")
    said = start("ansible-vault", *words)
    assert said.code == 0
    assert "[WARNING]: Error getting vault password file (a)" in said.err


@pytest.mark.parametrize(("match", "code"), [("0", 0), ("1", 1)])
def test_ids_must_match_only_where_the_configuration_says_so(
    secrets: Path, start: Started, monkeypatch: pytest.MonkeyPatch, match: str, code: int
) -> None:
    start("ansible-vault", "encrypt", "--vault-id", "a@old", "s.yml")
    monkeypatch.setenv("ANSIBLE_VAULT_ID_MATCH", match)
    assert start("ansible-vault", "view", "--vault-id", "b@old", "s.yml").code == code


def test_a_salt_of_ones_own_gives_the_same_text_each_time(
    secrets: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_ENCRYPT_SALT", "salty")
    words = ("encrypt_string", "--vault-password-file", "old", "text", "--name", "x")
    first, second = start("ansible-vault", *words), start("ansible-vault", *words)
    assert first.out == second.out
    assert first.out.startswith("x: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n")


def test_values_are_read_from_standard_input_and_written_to_a_file(
    secrets: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("text"))
    words = ("encrypt_string", "--vault-password-file", "old", "--stdin-name", "x", "--output", "out")
    assert start("ansible-vault", *words).out == ""
    assert (secrets / "out").read_text().startswith("x: !vault |\n")


def test_a_module_is_described_as_text_snippet_and_json(start: Started) -> None:
    text = start("ansible-doc", "ansible.builtin.ping").out
    assert text.startswith("> MODULE ansible.builtin.ping (")
    assert "- data\n" in text
    assert "  ping:\n      data: pong" in start("ansible-doc", "-s", "ping").out
    document = json.loads(start("ansible-doc", "-j", "ping").out)
    assert document["ansible.builtin.ping"]["doc"]["options"]["data"]["default"] == "pong"


def test_modules_and_filters_are_listed(start: Started) -> None:
    assert "\nansible.builtin.copy  " in start("ansible-doc", "-l").out
    assert "ansible.builtin.b64encode" in json.loads(start("ansible-doc", "-l", "-j", "-t", "filter").out)
    assert "modules/copy.py\n" in start("ansible-doc", "-F").out


def test_what_is_not_there_is_told(start: Started) -> None:
    said = start("ansible-doc", "nosuch")
    assert (said.code, said.err) == (0, "[WARNING]: nosuch was not found\n")
    assert start("ansible-doc", "-t", "become", "sudo").code == 1


def test_pull_fetches_a_repository_and_runs_its_playbook_here(place: Path, start: Started) -> None:
    made = place / "made"
    made.mkdir()
    (made / "local.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: pulled}}]\n")
    commit = ["-c", "user.email=a@b", "-c", "user.name=a", "commit", "-q", "-m", "x"]
    for words in (["init", "-q"], ["add", "."], commit):
        subprocess.run(["git", "-C", str(made), *words], check=True)
    said = start("ansible-pull", "-U", str(made), "-d", "checkout")
    assert said.code == 0, said.err
    assert "pulled" in said.out
    again = start("ansible-pull", "-U", str(made), "-d", "checkout", "--only-if-changed")
    assert again.out == "Repository has not changed, quitting.\n"
