"""Whether a role of PostgreSQL has a password already: its two kinds of hashes, computed here. No I/O."""

import base64
import hashlib
import hmac
import re
import stringprep
import unicodedata

MD5 = re.compile(r"^md5[0-9a-f]{32}$")
SCRAM = re.compile(r"^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$")


def is_hash(password: str) -> bool:
    """Tell whether it is a hash already, as the server keeps it."""
    return bool(MD5.match(password) or SCRAM.match(password))


def matches(password: str, user: str, stored: str) -> bool:
    """Tell whether ``stored`` is the hash of this password, or the same hash; no password is stored as nothing."""
    if password == "":
        return stored == ""
    if is_hash(password):
        return hmac.compare_digest(password.encode(), stored.encode())
    found = SCRAM.match(stored)
    if found:
        key = _server_key(password, base64.b64decode(found.group(2)), int(found.group(1)))
        return hmac.compare_digest(key, base64.b64decode(found.group(4)))
    digest = hashlib.md5((password + user).encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324 - the format
    return hmac.compare_digest(("md5" + digest).encode(), stored.encode())


def _server_key(password: str, salt: bytes, rounds: int) -> bytes:
    secret = _prepared(password).encode("utf-8", "surrogateescape")
    return hmac.new(hashlib.pbkdf2_hmac("sha256", secret, salt, rounds), b"Server Key", hashlib.sha256).digest()


def _prepared(password: str) -> str:
    """Return the password in the form that SCRAM hashes (SASLprep); one it forbids is taken as it is."""
    mapped = "".join(
        " " if stringprep.in_table_c12(letter) else letter for letter in password if not stringprep.in_table_b1(letter)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    forbidden = any(stringprep.in_table_c21_c22(letter) or stringprep.in_table_c3(letter) for letter in normal)
    return password if forbidden or not normal else normal
