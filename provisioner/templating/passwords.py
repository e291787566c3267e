"""Password hashes through the system's crypt(3), and random passwords."""

from __future__ import annotations

import ctypes
import ctypes.util
import secrets
import string
from functools import cache
from typing import Any

from provisioner.records import dataclass

SALT_CHARACTERS = string.ascii_letters + string.digits + "./"
_CRYPT_DATA_BYTES = 262_144
_USUAL_ROUNDS = 5000


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one kind of hash is written: its mark, longest salt, and how rounds appear."""

    mark: str
    salt_size: int
    rounds: int | None = None


SCHEMES = {
    "md5": Scheme("1", 8),
    "sha256": Scheme("5", 16),
    "sha512": Scheme("6", 16),
    "bcrypt": Scheme("2b", 22, 12),
    "yescrypt": Scheme("y", 22),
}
OF_OTHERS = frozenset(
    {"msdcc", "msdcc2", "lmhash", "nthash", "mysql41", "mssql2005", "oracle11", "des_crypt", "argon2", "scrypt"}
)
"""Kinds of hashes that no system's crypt(3) makes."""

SAME_AS = {"blowfish": "bcrypt", **{f"{name}_crypt": name for name in ("md5", "sha256", "sha512")}}


def hashed(password: str, kind: str = "sha512", *, salt: str | None = None, **options: Any) -> str:
    """Return the hash of ``password``; options: salt_size, rounds, ident.

    >>> hashed("x", "md5", salt="abcdefgh")
    '$1$abcdefgh$znAnv9M.XU2pRYfmSs46h/'
    """
    name = SAME_AS.get(kind, kind)
    scheme = SCHEMES.get(name)
    if scheme is None:
        if kind in OF_OTHERS:
            common = "md5, blowfish, sha256, sha512"
            raise ValueError(f"{kind} is not in the list of supported passlib algorithms: {common}")
        known = ", ".join([*SCHEMES, *SAME_AS])
        raise ValueError(f"password_hash does not support '{kind}' algorithm; there are {known}")
    setting = _setting(name, scheme, salt or random_salt(options.get("salt_size") or scheme.salt_size), options)
    result = _crypt(password.encode(), setting.encode())
    if not result or result.startswith("*") or not result.startswith("$"):
        raise ValueError(f"password_hash: this system's crypt does not accept type '{kind}' with salt '{salt}'")
    return result


def _setting(name: str, scheme: Scheme, salt: str, options: dict[str, Any]) -> str:
    strange = set(salt) - set(SALT_CHARACTERS)
    if strange:
        raise ValueError(f"password_hash: a salt has letters, digits, '.' and '/', not {''.join(sorted(strange))!r}")
    mark, rounds = options.get("ident") or scheme.mark, int(options.get("rounds") or scheme.rounds or 0)
    if name == "bcrypt":
        if len(salt) != scheme.salt_size:
            raise ValueError(f"password_hash: the salt of {name} has {scheme.salt_size} characters, not {len(salt)}")
        # the last character holds two bits only
        return f"${mark}${rounds:02d}${salt[:-1]}{salt[-1] if salt[-1] in '.Oeu' else '.'}"
    if name == "yescrypt":
        return f"$y$j9T${salt}"
    if len(salt) > scheme.salt_size:
        raise ValueError(f"password_hash: the salt of {name} has at most {scheme.salt_size} characters")
    unusual = rounds and not (rounds == _USUAL_ROUNDS and name in ("sha256", "sha512"))
    return f"${mark}$rounds={rounds}${salt}" if unusual else f"${mark}${salt}"


def random_salt(size: int = 16) -> str:
    """Return ``size`` random characters for a salt."""
    return "".join(secrets.choice(SALT_CHARACTERS) for _ in range(size))


def random_text(length: int, *, symbols: bool) -> str:
    """Return a random password of letters and digits, and of other characters where ``symbols`` are wanted."""
    characters = string.ascii_letters + string.digits + (string.punctuation if symbols else "")
    return "".join(secrets.choice(characters) for _ in range(length))


@cache
def _library() -> Any:
    for name in (ctypes.util.find_library("crypt"), "libcrypt.so.1", "libcrypt.so.2", None):
        try:
            library = ctypes.CDLL(name)
            crypt_r = library.crypt_r
        except (OSError, AttributeError):
            continue
        crypt_r.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
        crypt_r.restype = ctypes.c_char_p
        return crypt_r
    raise ValueError("password_hash: this system has no libcrypt")


def _crypt(password: bytes, setting: bytes) -> str:
    room = ctypes.create_string_buffer(_CRYPT_DATA_BYTES)
    result: bytes | None = _library()(password, setting, room)
    return result.decode() if result else ""
