"""Whether text is a vault."""

from __future__ import annotations

from provisioner.syntax.vault import is_encrypted


def vault_encrypted(value: object) -> bool:
    """Tell whether the value is vault-encrypted text.

    >>> vault_encrypted("$ANSIBLE_VAULT;1.1;AES256"), vault_encrypted("x")
    (True, False)
    """
    return isinstance(value, str) and is_encrypted(value)
