"""Encrypts text as a vault."""

from __future__ import annotations

from provisioner.syntax.vault import Vault, VaultSecret
from provisioner.templating.vaulted import Revealed


def vault(
    data: object, secret: str, salt: object = None, vault_id: str = "filter_default", wrap_object: bool = False
) -> str:
    """Return the text encrypted with a password; the same ``salt`` gives the same text every time.

    >>> vault("text", "password", vault_id="mine").splitlines()[0]
    '$ANSIBLE_VAULT;1.2;AES256;mine'
    """
    locked = Vault((VaultSecret(vault_id, str(secret).encode()),)).encrypt(
        str(data).encode(), vault_id, str(salt).encode() if salt is not None else b""
    )
    return Revealed(str(data), locked) if wrap_object else locked
