"""Vault values among variables: text that remembers that it was encrypted, or a value nobody could open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from provisioner.diagnostics.errors import InputError
from provisioner.syntax.vault import VaultText


class Revealed(str):
    """The plain text of a ``!vault`` value; ``ciphertext`` is what the file holds."""

    __slots__ = ("ciphertext",)
    ciphertext: str

    def __new__(cls, text: str, ciphertext: str) -> Revealed:
        """Return ``text`` with where it came from."""
        made = super().__new__(cls, text)
        made.ciphertext = ciphertext
        return made


class Sealed:
    """A ``!vault`` value that no known password opens: it may be handed to ``unvault``; any other use fails."""

    __slots__ = ("vault_ciphertext", "vault_error")

    def __init__(self, ciphertext: str, error: InputError) -> None:
        self.vault_ciphertext, self.vault_error = ciphertext, error

    def fail(self) -> NoReturn:
        """Say why it cannot be opened."""
        raise self.vault_error

    def _fail(self, *_args: object, **_kwargs: object) -> NoReturn:
        self.fail()

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return self.fail()

    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = __contains__ = __getitem__ = _fail
    __add__ = __radd__ = __mul__ = __mod__ = __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = _fail


def opened(value: VaultText, decrypt: Callable[[VaultText], str]) -> Revealed | Sealed:
    """Return the plain text of a vault value, or the value sealed where it cannot be decrypted."""
    try:
        return Revealed(decrypt(value), str.__str__(value))
    except InputError as error:
        return Sealed(str.__str__(value), error)


def ciphertext_of(value: object) -> str | None:
    """Return the encrypted form of a value, None where it never was."""
    if isinstance(value, Revealed):
        return value.ciphertext
    return value.vault_ciphertext if isinstance(value, Sealed) else None
