"""Digests of text."""

from __future__ import annotations

import hashlib


def hash(data: object, hashtype: str = "sha1") -> str:
    """Return the digest in hexadecimal; ``hashtype`` is what Python's hashlib knows.

    >>> hash("test1"), hash("test1", "md5")
    ('b444ac06613fc8d63795be9ad0beaf55011936ac', '5a105e8b9d40e1329780d62ea2265d8a')
    """
    try:
        digest = hashlib.new(hashtype, usedforsecurity=False)
    except ValueError:
        known = ", ".join(sorted(hashlib.algorithms_guaranteed))
        raise ValueError(f"hash: unsupported hash type '{hashtype}'; there are {known}") from None
    digest.update(data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
