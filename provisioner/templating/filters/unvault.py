"""Decrypts a vault."""

from __future__ import annotations

from provisioner.syntax.vault import Vault, VaultSecret, is_encrypted


def unvault(data: str, secret: str, vault_id: str = "filter_default") -> str:
    """Return the text of a vault; what is not encrypted stays as it is.

    >>> unvault("plain", "password")
    'plain'
    """
    if not is_encrypted(data):
        return data
    return Vault((VaultSecret(vault_id, secret.encode()),)).decrypt(data).decode()
