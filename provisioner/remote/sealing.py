"""Seals what a host keeps for its controller but must not show: results of ``no_log`` tasks in the record of a run.

Only the standard library is at hand, so the cipher is built from its HMAC-SHA256 (RFC 2104): the text is combined with
HMAC(key, nonce, counter) as a key stream, which is counter mode (NIST SP 800-38A, 6.5) with a pseudo-random function
for the block cipher, and the whole is authenticated by a second key (encrypt, then MAC). The key comes from the
controller with each session and is kept by no host.
"""

import base64
import hashlib
import hmac
import os
import struct

NONCE = 16
TAG = 32


def seal(key: bytes, text: bytes) -> str:
    """Return ``text`` sealed, as printable text."""
    nonce = os.urandom(NONCE)
    hidden = _combined(_derived(key, b"cipher"), nonce, text)
    return base64.b64encode(nonce + hidden + _tag(key, nonce + hidden)).decode("ascii")


def unseal(key: bytes, sealed: str) -> bytes:
    """Return the text; ValueError where the key is another one or the text was changed."""
    data = base64.b64decode(sealed)
    body, tag = data[:-TAG], data[-TAG:]
    if len(data) < NONCE + TAG or not hmac.compare_digest(tag, _tag(key, body)):
        raise ValueError("sealed by another key, or changed")
    return _combined(_derived(key, b"cipher"), body[:NONCE], body[NONCE:])


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.new(_derived(key, b"tag"), body, hashlib.sha256).digest()


def _combined(key: bytes, nonce: bytes, text: bytes) -> bytes:
    """Return the text combined with the key stream; doing it twice gives the text back."""
    blocks = (len(text) + 31) // 32
    stream = b"".join(hmac.new(key, nonce + struct.pack("!Q", n), hashlib.sha256).digest() for n in range(blocks))
    size = len(text)
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")
