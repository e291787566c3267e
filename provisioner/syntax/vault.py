"""Ansible Vault, formats 1.1 and 1.2 (AES256): decrypting, encrypting, and several passwords told apart by their id."""

from __future__ import annotations

import hashlib
import hmac
import os
from binascii import Error as BadHex
from binascii import hexlify, unhexlify
from collections.abc import Callable, Sequence
from dataclasses import field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Text
from provisioner.records import dataclass

HEADER = "$ANSIBLE_VAULT;"
DEFAULT_ID = "default"
_ROUNDS = 10_000
_KEY_BYTES = 32
_BLOCK_BYTES = 16
_LINE = 80


class VaultText(Text):
    """A value under ``!vault``: the string is the ciphertext, and stays so until ``Vault.reveal`` is asked."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """One vault password and the id it goes by."""

    id: str
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The parts of an encrypted text."""

    vault_id: str
    salt: bytes
    digest: bytes
    ciphertext: bytes


def _nobody(_secret: str) -> None:
    """Nobody wants to know."""


def is_encrypted(data: bytes | str) -> bool:
    """Tell whether ``data`` is vault-encrypted text."""
    if isinstance(data, bytes):
        return data.startswith(HEADER.encode())
    return data.lstrip().startswith(HEADER) if data[:1] in ("$", " ", "\n", "\t") else False


class Vault:
    """The vault passwords of a run. ``on_secret`` is told every text that is decrypted, so that it can be masked.

    ``matches_ids``: a password is only tried on what was encrypted under its id.
    """

    def __init__(
        self,
        secrets: Sequence[VaultSecret] = (),
        on_secret: Callable[[str], None] = _nobody,
        *,
        matches_ids: bool = False,
    ) -> None:
        self.secrets = tuple(secrets)
        self._matches_ids = matches_ids
        self.on_secret = on_secret
        self._opened: dict[str, bytes] = {}

    def reveal(self, text: VaultText) -> str:
        """Return the plain text of a ``!vault`` value."""
        opened = self.decrypt(text, text.position)
        try:
            return opened.decode()
        except UnicodeDecodeError:
            raise InputError.at(text.position, "the decrypted value is not UTF-8 text") from None

    def decrypt(self, text: str | bytes, position: Position | None = None) -> bytes:
        """Return the plain content or raise InputError that names the place and the ids tried."""
        words = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
        if words in self._opened:
            return self._opened[words]
        envelope = _read(words, position)
        ordered = sorted(self.secrets, key=lambda secret: secret.id != envelope.vault_id)
        for secret in ordered:
            if self._matches_ids and secret.id != envelope.vault_id:
                break
            opened = _open(envelope, secret.password)
            if opened is not None:
                self._opened[words] = opened
                self._report(opened)
                return opened
        raise _refused(envelope.vault_id, [secret.id for secret in ordered], position)

    def encrypt(self, data: bytes, vault_id: str | None = None, salt: bytes = b"") -> str:
        """Return ``data`` encrypted with the password of ``vault_id`` (the first one where it is None).

        A ``salt`` of one's own makes the same text of the same content every time, which tells that it is the same.
        An id other than ``default`` is written into the header (format 1.2).
        """
        secret = next((s for s in self.secrets if vault_id is None or s.id == vault_id), None)
        if secret is None:
            known = ", ".join(s.id for s in self.secrets) or "none"
            raise InputError.at(None, f"no vault password with id '{vault_id or DEFAULT_ID}' was given",
                                detail=f"ids given: {known}", hint="give --vault-id ID@FILE")  # fmt: skip
        named = vault_id not in (None, DEFAULT_ID)
        header = f"{HEADER}1.2;AES256;{vault_id}" if named else f"{HEADER}1.1;AES256"
        body = _seal(data, secret.password, salt or os.urandom(_KEY_BYTES))
        return "\n".join([header, *(body[i : i + _LINE] for i in range(0, len(body), _LINE))]) + "\n"

    def _report(self, opened: bytes) -> None:
        try:
            word = opened.decode().strip()
        except UnicodeDecodeError:
            return
        if word:
            self.on_secret(word)


def _refused(vault_id: str, tried: Sequence[str], position: Position | None) -> InputError:
    where = position.source.name if position else "this text"
    if not tried:
        return InputError(Diagnostic(
            f"{where} is encrypted and no vault password was given", position,
            hint="give --ask-vault-pass, --vault-password-file or --vault-id",
            known_as="Attempting to decrypt but no vault secrets found", known_code=1,
        ))  # fmt: skip
    return InputError(Diagnostic(
        f"none of the vault passwords opens {where}", position,
        f"it was encrypted with vault id '{vault_id}'; ids tried: {', '.join(tried)}",
        "the password is wrong or the text was damaged",
        known_as=f"Decryption failed (no vault secrets were found that could decrypt) on {where}", known_code=1,
    ))  # fmt: skip


def _read(words: str, position: Position | None) -> _Envelope:
    lines = words.split()
    parts = lines[0].split(";") if lines else []
    if len(parts) < 3 or parts[0] + ";" != HEADER:
        raise InputError.at(position, "this is not vault-encrypted text")
    version, cipher = parts[1], parts[2]
    if version not in ("1.1", "1.2") or cipher != "AES256":
        raise InputError.at(position, f"vault format {version} with {cipher} is not supported",
                            hint="encrypt it anew as format 1.1 or 1.2 with AES256")  # fmt: skip
    try:
        salt, digest, ciphertext = (unhexlify(part) for part in unhexlify("".join(lines[1:])).split(b"\n"))
    except (BadHex, ValueError) as error:
        known_as = f"Vault format unhexlify error: {error}"
        raise InputError.at(position, "the vault-encrypted text is damaged", known_as=known_as,
                            hint="a line is missing, or it was indented or wrapped by hand") from None  # fmt: skip
    return _Envelope(parts[3] if len(parts) > 3 else DEFAULT_ID, salt, digest, ciphertext)


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    size = 2 * _KEY_BYTES + _BLOCK_BYTES
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, _ROUNDS, size)
    return derived[:_KEY_BYTES], derived[_KEY_BYTES : 2 * _KEY_BYTES], derived[2 * _KEY_BYTES :]


def _open(envelope: _Envelope, password: bytes) -> bytes | None:
    key, mac_key, counter = _keys(password, envelope.salt)
    digest = hmac.digest(mac_key, envelope.ciphertext, "sha256")
    if not hmac.compare_digest(digest, envelope.digest):
        return None
    unlocker = Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor()
    padded = unlocker.update(envelope.ciphertext) + unlocker.finalize()
    unpadder = PKCS7(_BLOCK_BYTES * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _seal(data: bytes, password: bytes, salt: bytes) -> str:
    key, mac_key, counter = _keys(password, salt)
    padder = PKCS7(_BLOCK_BYTES * 8).padder()
    locker = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    ciphertext = locker.update(padder.update(data) + padder.finalize()) + locker.finalize()
    digest = hmac.digest(mac_key, ciphertext, "sha256")
    return hexlify(b"\n".join(hexlify(part) for part in (salt, digest, ciphertext))).decode("ascii")
