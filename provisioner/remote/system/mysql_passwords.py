"""Whether an account of MySQL or MariaDB has a password already: their hashes, computed here. No I/O."""

import hashlib
import hmac

ALPHABET = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def native(password: str) -> str:
    """Return the hash of mysql_native_password; that of no password is empty."""
    if not password:
        return ""
    inner = hashlib.sha1(password.encode("utf-8", "surrogateescape")).digest()  # noqa: S324 - the server's format
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324 - as above


def matches(password: str, plugin: str, stored: str) -> bool:
    """Tell whether ``stored`` is what ``plugin`` keeps for this password; False where that cannot be told."""
    if plugin in ("mysql_native_password", ""):
        return hmac.compare_digest(native(password).encode(), stored.encode("utf-8", "replace"))
    data = stored.encode("utf-8", "surrogateescape")
    if not password:
        return not data
    if plugin == "caching_sha2_password" and data.startswith(b"$A$") and len(data) == 70:
        rounds, salt, digest = int(data[3:6], 16) * 1000, data[7:27], data[27:]
    elif plugin == "sha256_password" and data.startswith(b"$5$") and data.count(b"$") == 3:
        salt, digest = data[3:].split(b"$")
        rounds = 5000
    else:
        return False
    return hmac.compare_digest(sha256_crypt(password.encode("utf-8", "surrogateescape"), salt, rounds), digest)


def sha256_crypt(secret: bytes, salt: bytes, rounds: int) -> bytes:
    """Return the 43 letters of SHA-256 crypt; unlike libcrypt's, the salt may have any length."""
    inner = hashlib.sha256(secret + salt + secret).digest()
    first = hashlib.sha256(secret + salt + _stretched(inner, len(secret)))
    length = len(secret)
    while length:
        first.update(inner if length & 1 else secret)
        length >>= 1
    digest = first.digest()
    secrets = _stretched(hashlib.sha256(secret * len(secret)).digest(), len(secret))
    salts = _stretched(hashlib.sha256(salt * (16 + digest[0])).digest(), len(salt))
    for turn in range(rounds):
        parts = [secrets if turn & 1 else digest]
        parts += [salts] if turn % 3 else []
        parts += [secrets] if turn % 7 else []
        parts.append(digest if turn & 1 else secrets)
        digest = hashlib.sha256(b"".join(parts)).digest()
    return _letters(digest)


def _stretched(block: bytes, length: int) -> bytes:
    return (block * (length // len(block) + 1))[:length]


def _letters(digest: bytes) -> bytes:
    found = bytearray()
    first, second, third = 0, 10, 20
    for _ in range(10):
        number = digest[first] << 16 | digest[second] << 8 | digest[third]
        found.extend(ALPHABET[number >> 6 * place & 63] for place in range(4))
        first, second, third = third + 1, first + 1, second + 1
    number = digest[31] << 8 | digest[30]
    found.extend(ALPHABET[number >> 6 * place & 63] for place in range(3))
    return bytes(found)
