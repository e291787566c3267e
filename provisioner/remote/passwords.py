"""Hashing and checking passwords as web servers and libcrypt do, with the standard library."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import re
from typing import List, Optional

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MD5_MAGIC = {"apr_md5_crypt": "$apr1$", "md5_crypt": "$1$"}
CRYPT_PREFIX = {
    "bcrypt": "$2b$12$",
    "sha256_crypt": "$5$",
    "sha512_crypt": "$6$",
    "yescrypt": "$y$j9T$",
    "des_crypt": "",
}


def hashed(password: str, scheme: str) -> str:
    """Return a new hash; ValueError where the scheme is unknown or libcrypt does not offer it."""
    if scheme == "plaintext":
        return password
    if scheme == "ldap_sha1":
        return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324 - the format
    if scheme in MD5_MAGIC:
        return _md5_crypt(password, _salt(8), MD5_MAGIC[scheme])
    if scheme not in CRYPT_PREFIX:
        known = ("plaintext", "ldap_sha1", *MD5_MAGIC, *CRYPT_PREFIX)
        raise ValueError("no such scheme: %s; there are %s" % (scheme, ", ".join(known)))
    width = {"bcrypt": 21, "des_crypt": 2}.get(scheme, 16)
    setting = CRYPT_PREFIX[scheme] + _salt(width) + ("u" if scheme == "bcrypt" else "")
    made = _crypt(password, setting)
    if made is None:
        raise ValueError("this host's libcrypt has no %s" % scheme)
    return made


def matches(password: str, known: str) -> bool:
    """Tell whether a hash is one of this password."""
    for magic in MD5_MAGIC.values():
        if known.startswith(magic):
            salt = known[len(magic) :].partition("$")[0]
            return _same(_md5_crypt(password, salt, magic), known)
    if known.startswith("{SHA}"):
        return _same(hashed(password, "ldap_sha1"), known)
    made = _crypt(password, known.replace("$2y$", "$2b$", 1))
    if made is not None and _same(made, known.replace("$2y$", "$2b$", 1)):
        return True
    return _same(password, known)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _salt(width: int) -> str:
    return "".join(ALPHABET[byte & 63] for byte in os.urandom(width))


def _crypt(password: str, setting: str) -> Optional[str]:
    name = ctypes.util.find_library("crypt") or "libcrypt.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.crypt.restype = ctypes.c_char_p
    library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    made = library.crypt(password.encode(), setting.encode())
    return None if not made or made.startswith(b"*") else str(made.decode())


def _md5(*parts: bytes) -> bytes:
    return hashlib.md5(b"".join(parts)).digest()  # noqa: S324 - the format


def _md5_crypt(password: str, salt_text: str, magic: str) -> str:
    """Return the thousand-round MD5 of BSD, which Apache uses under a name of its own."""
    secret, salt = password.encode(), salt_text[:8].encode()
    inner = _md5(secret, salt, secret)
    mixed = b"".join(b"\0" if length else secret[:1] for length in _bits(len(secret)))
    repeated = (inner * (len(secret) // 16 + 1))[: len(secret)]
    digest = _md5(secret, magic.encode(), salt, repeated, mixed)
    for turn in range(1000):
        parts = [secret if turn & 1 else digest]
        parts += [salt] if turn % 3 else []
        parts += [secret] if turn % 7 else []
        parts.append(digest if turn & 1 else secret)
        digest = _md5(*parts)
    groups = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)]
    text = "".join(_letters(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in groups)
    return magic + salt.decode() + "$" + text + _letters(digest[11], 2)


def _bits(number: int) -> List[int]:
    found = []
    while number:
        found.append(number & 1)
        number >>= 1
    return found


def _letters(number: int, width: int) -> str:
    return "".join(ALPHABET[number >> 6 * place & 63] for place in range(width))


UNUSABLE = frozenset(["*", "!", "*************"])
HASH = re.compile(r"^\$(?P<kind>[0-9a-z]{1,3})\$(?P<rest>.+)$")
DIGEST_LENGTHS = {"1": 22, "5": 43, "6": 86}


def doubt_of_hash(text: str) -> str:
    """Return why ``text`` is no password hash as /etc/shadow holds it; empty where it may be one."""
    bare = text.lstrip("!")
    if text in UNUSABLE or not bare:
        return ""
    match = HASH.match(bare)
    if match is None and (len(bare) != 13 or re.search(r"[^./0-9A-Za-z]", bare)):
        return (
            "The input password appears not to have been hashed. "
            "The 'password' argument must be encrypted for this module to work properly."
        )
    digest = match.group("rest").rpartition("$")[2] if match is not None else bare
    wanted = DIGEST_LENGTHS.get(match.group("kind"), len(digest)) if match is not None else 13
    if len(digest) != wanted or re.search(r"[^./0-9A-Za-z]", digest):
        return "The input password's digest has characters or a length that no hash of its kind has."
    return ""
