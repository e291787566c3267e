"""The passwords of a run: vault, login and become, from files, scripts or the person at the keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from provisioner.configuration.configuration import Configuration, read_configuration
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.journal.redaction import Redactor
from provisioner.records import dataclass
from provisioner.syntax.vault import DEFAULT_ID, Vault, VaultSecret
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


def gather(
    asked: Asked, ask: Ask, environ: Mapping[str, str] = os.environ, warn: Callable[[str], None] | None = None
) -> Credentials:
    """Read and ask for everything; login first, become next, vault last, as ansible-playbook asks.

    An empty answer for become means: the same as the login password. What the configuration says (password files,
    ``vault_identity_list``, ``ask_pass`` and its like) counts where no option is given. With ``warn`` it is as with
    Ansible: configured vault passwords count beside those of options, and ones that cannot be had are only told of.
    """
    found = read_configuration(environ)
    asked = _configured(asked, found, adds=warn is not None)
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
    if asked.ask_vault:
        ids.append("default@prompt")
    redactor = Redactor()
    secrets = read_vault_secrets(ids, files, ask) if warn is None else _vault_secrets(ids, files, ask, warn)
    for password in (connection, become, *(secret.password.decode("utf-8", "replace") for secret in secrets)):
        if password:
            redactor.learn(password)
    vault = Vault(secrets, on_secret=redactor.learn, matches_ids=found.flag("DEFAULT_VAULT_ID_MATCH"))
    return Credentials(redactor, vault, connection, become)


def _vault_secrets(
    ids: Sequence[str], files: Sequence[str], ask: Ask, warn: Callable[[str], None]
) -> list[VaultSecret]:
    """Return the vault passwords that can be had; InputError where there is none of those asked for."""
    secrets: list[VaultSecret] = []
    last: InputError | None = None
    for word, path in [*((word, "") for word in ids), *(("", path) for path in files)]:
        vault_id, at, origin = word.rpartition("@")
        name, place = (vault_id if at else DEFAULT_ID, Path(origin if word else path))
        try:
            secrets += read_vault_secrets([word] if word else [], [path] if path else [], ask)
        except InputError as error:
            last = error
            lead = "Error in vault password file loading" if place.exists() else "Error getting vault password file"
            warn(f"{lead} ({name}): {error.diagnostics[0].known_as or error.diagnostics[0].summary}")
    if last is not None and not secrets:
        raise last
    return secrets


def _configured(asked: Asked, found: Configuration, *, adds: bool) -> Asked:
    """Return what is asked for with the settings below it; an option for one kind of password hides its settings.

    ``adds``: configured vault passwords count beside those of options.
    """
    is_given = bool(asked.vault_ids or asked.vault_password_files or asked.ask_vault)
    if adds or not is_given:
        file = found.text("DEFAULT_VAULT_PASSWORD_FILE")
        asked = replace(
            asked,
            vault_ids=(*found.texts("DEFAULT_VAULT_IDENTITY_LIST"), *asked.vault_ids),
            vault_password_files=(*asked.vault_password_files, *((file,) if file else ())),
            ask_vault=asked.ask_vault or (found.flag("DEFAULT_ASK_VAULT_PASS") and not is_given),
        )
    if not (asked.ask_connection or asked.connection_password_file):
        file = found.text("CONNECTION_PASSWORD_FILE")
        asked = replace(asked, ask_connection=found.flag("DEFAULT_ASK_PASS"), connection_password_file=file)
    if not (asked.ask_become or asked.become_password_file):
        file = found.text("BECOME_PASSWORD_FILE")
        asked = replace(asked, ask_become=found.flag("DEFAULT_BECOME_ASK_PASS"), become_password_file=file)
    return asked


def _first_line(path: str) -> str:
    try:
        return expanded(path).read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.at(None, f"cannot read the password file '{path}'", detail=str(error)) from None
