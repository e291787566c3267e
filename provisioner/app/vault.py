"""What can be done with vault-encrypted files and values; the passwords come from credentials."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.syntax.vault import DEFAULT_ID, Vault, VaultSecret, is_encrypted

MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made inside it
STRING_INDENT = " " * 10


def encrypted(data: bytes, vault: Vault, vault_id: str | None) -> bytes:
    """Return ``data`` encrypted; with several passwords the id to use must be named."""
    if is_encrypted(data):
        raise InputError.at(None, "this is encrypted already", hint="'rekey' changes its password")
    return vault.encrypt(data, _chosen(vault, vault_id)).encode("ascii")


def decrypted(data: bytes, vault: Vault, name: str) -> bytes:
    """Return the plain content of ``data``; ``name`` is for messages."""
    if not is_encrypted(data):
        raise InputError.at(None, f"{name} is not encrypted")
    return vault.decrypt(data, Position(Source(name), 1, 1))


def encrypted_value(text: str, vault: Vault, vault_id: str | None, name: str = "") -> str:
    """Return a YAML value under ``!vault``, behind ``name:`` where one is given."""
    return tagged(vault.encrypt(text.encode(), _chosen(vault, vault_id)), name)


def tagged(encrypted_text: str, name: str = "") -> str:
    """Return encrypted text as a YAML value under ``!vault``, behind ``name:`` where one is given."""
    body = encrypted_text.rstrip("\n")
    key = f"{name}: " if name else ""
    return f"{key}!vault |\n" + "\n".join(STRING_INDENT + line for line in body.splitlines())


def rekeyed(data: bytes, vault: Vault, new: VaultSecret, name: str) -> bytes:
    """Return ``data`` encrypted with another password."""
    plain = decrypted(data, vault, name)
    return Vault([new]).encrypt(plain, new.id).encode("ascii")


def edit_file(path: Path, vault: Vault, edit: Callable[[Path], None]) -> bool:
    """Let ``edit`` change the plain content of an encrypted file; tell whether it did.

    The file keeps its vault id and the password that opened it. The plain text lives in a folder nobody else may enter,
    in memory where the system has such a place, and is removed whatever happens.
    """
    data = read(path)
    plain = decrypted(data, vault, str(path))
    with _private_copy(path.name, plain) as copy:
        edit(copy)
        changed = copy.read_bytes()
    if changed == plain:
        return False
    secret = _opener(data, vault)
    write(path, Vault([secret]).encrypt(changed, secret.id).encode("ascii"))
    return True


def create_file(path: Path, vault: Vault, vault_id: str | None, edit: Callable[[Path], None]) -> None:
    """Make a new encrypted file of what ``edit`` writes."""
    if path.exists():
        raise InputError.at(None, f"{path} exists already", hint="'edit' changes it")
    chosen = _chosen(vault, vault_id)
    with _private_copy(path.name, b"") as copy:
        edit(copy)
        write(path, vault.encrypt(copy.read_bytes(), chosen).encode("ascii"), mode=0o600)


def read(path: Path) -> bytes:
    """Return a file's content; InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError.at(None, f"cannot read {path}: {error.strerror}") from None


def write(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file's content at once; mode and owner stay, a new file is its owner's alone."""
    target = path.resolve()
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError.at(None, f"cannot write beside {path}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        _like(target, Path(temporary), mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _like(old: Path, new: Path, mode: int | None) -> None:
    if mode is not None or not old.exists():
        new.chmod(0o600 if mode is None else mode)
        return
    before, now = old.stat(), new.stat()
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.chown(new, before.st_uid, before.st_gid)
    new.chmod(before.st_mode & 0o7777)


def _chosen(vault: Vault, vault_id: str | None) -> str | None:
    if vault_id is None and len(vault.secrets) > 1:
        known = ", ".join(secret.id for secret in vault.secrets)
        raise InputError.at(
            None, "several vault passwords were given", detail=f"ids: {known}", hint="choose with --encrypt-vault-id"
        )
    return vault_id or next((secret.id for secret in vault.secrets), None)


def _opener(data: bytes, vault: Vault) -> VaultSecret:
    """Return the password that opens ``data`` under the id that its header names."""
    header = data.split(b"\n", 1)[0].decode("ascii", "replace").strip().split(";")
    named = header[3] if len(header) > 3 else DEFAULT_ID
    for secret in sorted(vault.secrets, key=lambda each: each.id != named):
        try:
            Vault([secret]).decrypt(data)
        except InputError:
            continue
        return VaultSecret(named, secret.password)
    raise InputError.at(None, "none of the vault passwords opens it")


@contextmanager
def _private_copy(name: str, data: bytes) -> Iterator[Path]:
    """Yield a 0600 file holding ``data`` in a 0700 folder; both are gone afterwards, also after SIGTERM or SIGHUP."""
    place = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with _signals_raise():
        folder = Path(tempfile.mkdtemp(prefix="provisioner-", dir=place))
        try:
            copy = folder / name
            copy.touch(mode=0o600)
            copy.write_bytes(data)
            yield copy
        finally:
            shutil.rmtree(folder)


@contextmanager
def _signals_raise() -> Iterator[None]:
    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
