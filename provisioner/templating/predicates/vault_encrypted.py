"""Whether text is a vault."""

from __future__ import annotations

from provisioner.syntax.vault import is_encrypted
from provisioner.templating.vaulted import ciphertext_of


def vault_encrypted(value: object) -> bool:
    """Tell whether the value is vault-encrypted text.

    >>> vault_encrypted("$ANSIBLE_VAULT;1.1;AES256"), vault_encrypted("x")
    (True, False)
    """
    return ciphertext_of(value) is not None or (isinstance(value, str) and is_encrypted(value))
