"""The passwords of a run: vault, login and become, from files, scripts or the person at the keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.journal.redaction import Redactor
from provisioner.syntax.vault import Vault
from provisioner.syntax.vault_secrets import read_vault_secrets

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the command line says passwords come from; nothing was read yet."""

    vault_ids: tuple[str, ...] = ()
    vault_password_files: tuple[str, ...] = ()
    ask_vault: bool = False
    ask_connection: bool = False
    ask_become: bool = False
    connection_password_file: str | None = None
    become_password_file: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords themselves; ``redactor`` knows them all, and every text that ``vault`` will ever open."""

    redactor: Redactor = field(default_factory=Redactor)
    vault: Vault = field(default_factory=Vault)
    connection_password: str | None = field(default=None, repr=False)
    become_password: str | None = field(default=None, repr=False)


def gather(asked: Asked, ask: Ask, environ: Mapping[str, str] = os.environ) -> Credentials:
    """Read and ask for everything; login first, become next, vault last, as ansible-playbook asks.

    An empty answer for become means: the same as the login password. ``ANSIBLE_VAULT_PASSWORD_FILE`` and
    ``ANSIBLE_VAULT_IDENTITY_LIST`` count where no option is given.
    """
    connection = become = None
    if asked.ask_connection:
        connection = ask("SSH password: ")
    elif asked.connection_password_file:
        connection = _first_line(asked.connection_password_file)
    if asked.ask_become:
        hint = "[defaults to SSH password]" if connection else ""
        become = ask(f"BECOME password{hint}: ") or connection
    elif asked.become_password_file:
        become = _first_line(asked.become_password_file)
    ids, files = list(asked.vault_ids), list(asked.vault_password_files)
    if not (ids or files or asked.ask_vault):
        ids = [word.strip() for word in environ.get("ANSIBLE_VAULT_IDENTITY_LIST", "").split(",") if word.strip()]
        files = [path for path in (environ.get("ANSIBLE_VAULT_PASSWORD_FILE"),) if path]
    if asked.ask_vault:
        ids.append("default@prompt")
    redactor, secrets = Redactor(), read_vault_secrets(ids, files, ask)
    for password in (connection, become, *(secret.password.decode("utf-8", "replace") for secret in secrets)):
        if password:
            redactor.learn(password)
    return Credentials(redactor, Vault(secrets, on_secret=redactor.learn), connection, become)


def _first_line(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.at(None, f"cannot read the password file '{path}'", detail=str(error)) from None
