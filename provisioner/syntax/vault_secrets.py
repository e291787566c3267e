"""Where vault passwords come from: files, executable scripts, and the person at the keyboard."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.syntax.vault import DEFAULT_ID, VaultSecret

Ask = Callable[[str], str]
_PROMPTS = frozenset({"prompt", "prompt_ask_vault_pass"})
_NO_SECRET_RC = 2


def read_vault_secrets(vault_ids: Sequence[str], password_files: Sequence[str], ask: Ask) -> list[VaultSecret]:
    """Return the passwords named by ``ID@SOURCE`` (or ``SOURCE``) words and by password files.

    A source is ``prompt``, a file, or an executable that prints the password; one whose name ends in ``-client`` is
    called with ``--vault-id ID``. ``ask`` puts a question to the user and returns the answer.
    """
    secrets = []
    for word in vault_ids:
        vault_id, at, origin = word.rpartition("@")
        if not at:
            vault_id, origin = DEFAULT_ID, word
        secrets.append(_secret(vault_id or DEFAULT_ID, origin, ask))
    secrets += [_secret(DEFAULT_ID, path, ask) for path in password_files]
    return secrets


def _secret(vault_id: str, origin: str, ask: Ask) -> VaultSecret:
    if origin in _PROMPTS:
        label = "Vault password: " if vault_id == DEFAULT_ID else f"Vault password ({vault_id}): "
        password = ask(label).encode()
    else:
        path = expanded(origin)
        if not path.is_file():
            raise InputError.at(None, f"the vault password file '{origin}' does not exist",
                                hint="give ID@FILE, ID@prompt, or the path of a file or executable",
                                known_as=f"The vault password file {path.absolute()} was not found")  # fmt: skip
        password = _run(path, vault_id) if os.access(path, os.X_OK) else _content(path)
    password = password.strip(b"\r\n") if origin in _PROMPTS else password.strip()
    if not password:
        raise InputError.at(None, f"the vault password from '{origin}' is empty")
    return VaultSecret(vault_id, password)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError.at(None, f"the vault password file '{path}' cannot be read", detail=str(error)) from None


def _run(path: Path, vault_id: str) -> bytes:
    words = [str(path.absolute())]
    if path.stem.endswith("-client"):
        words += ["--vault-id", vault_id]
    try:
        done = subprocess.run(words, capture_output=True, check=False)
    except OSError as error:
        raise InputError.at(None, f"the vault password script '{path}' cannot be run", detail=str(error)) from None
    if done.returncode == _NO_SECRET_RC and len(words) > 1:
        raise InputError.at(None, f"the vault password script '{path}' knows no password for id '{vault_id}'")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise InputError.at(None, f"the vault password script '{path}' failed with {done.returncode}", detail=said)
    return done.stdout
