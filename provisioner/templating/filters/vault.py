"""Encrypts text as a vault."""

from __future__ import annotations

from provisioner.syntax.vault import Vault, VaultSecret


def vault(
    data: object, secret: str, salt: str | None = None, vault_id: str = "filter_default", wrap_object: bool = False
) -> str:
    """Return the text encrypted with a password.

    >>> vault("text", "password").splitlines()[0]
    '$ANSIBLE_VAULT;1.1;AES256'
    """
    del wrap_object
    if salt is not None:
        raise ValueError("vault: a fixed salt is not supported; encrypt once and keep the result")
    name = None if vault_id == "filter_default" else vault_id
    return Vault((VaultSecret(name or "default", secret.encode()),)).encrypt(str(data).encode(), name)
