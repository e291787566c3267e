"""Decrypts a vault."""

from __future__ import annotations

from provisioner.syntax.vault import Vault, VaultSecret, is_encrypted
from provisioner.templating.vaulted import Revealed, ciphertext_of


def unvault(data: object, secret: str, vault_id: str = "filter_default") -> str:
    """Return the text of a vault; what is not encrypted stays as it is.

    >>> unvault("plain", "password")
    'plain'
    """
    if isinstance(data, Revealed):
        return str(data)
    locked = ciphertext_of(data) or str(data)
    if not is_encrypted(locked):
        return locked
    return Vault((VaultSecret(vault_id, str(secret).encode()),)).decrypt(locked).decode()
