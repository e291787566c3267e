"""Lines of authorized_keys and known_hosts files: taken apart, compared and put together."""

import base64
import hashlib
import hmac
import os
import re
from typing import List, NamedTuple, Optional

TYPE = re.compile(r"(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[A-Za-z0-9@.\-]+)\s+([A-Za-z0-9+/=]{20,})(?:\s+(.*))?$")


class PublicKey(NamedTuple):
    """One public key with the options before it and the comment behind it."""

    options: str
    kind: str
    data: str
    comment: str

    def line(self) -> str:
        """Return it as a line of a file."""
        return " ".join(part for part in (self.options, self.kind, self.data, self.comment) if part)


def public_key(line: str) -> Optional[PublicKey]:
    """Return the key in a line; None for blank lines, comments and lines that hold none."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    match = TYPE.search(text)
    if match is None:
        return None
    return PublicKey(text[: match.start(1)].strip(), match.group(1), match.group(2), (match.group(3) or "").strip())


def names_host(field: str, host: str) -> bool:
    """Tell whether the first field of a known_hosts line stands for ``host``, be it hashed or plain."""
    if field.startswith("|1|"):
        _, _, salt, digest = [*field.split("|"), "", ""][:4]
        made = hmac.new(base64.b64decode(salt), host.encode(), hashlib.sha1).digest()
        return base64.b64encode(made).decode() == digest
    return host in field.split(",")


def hashed(host: str) -> str:
    """Return ``host`` as known_hosts hashes it, with a fresh salt."""
    salt = os.urandom(20)
    digest = hmac.new(salt, host.encode(), hashlib.sha1).digest()
    return "|1|%s|%s" % (base64.b64encode(salt).decode(), base64.b64encode(digest).decode())


class HostLine(NamedTuple):
    """One line of known_hosts."""

    marker: str
    hosts: str
    kind: str
    data: str


def host_line(line: str) -> Optional[HostLine]:
    """Return a line of known_hosts taken apart; None for blank lines and comments."""
    words: List[str] = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    return HostLine(marker, words[0], words[1], words[2]) if len(words) >= 3 else None
