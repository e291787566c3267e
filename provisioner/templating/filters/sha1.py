"""The SHA-1 digest of text."""

from __future__ import annotations

from provisioner.templating.filters.hash import hash as digest


def sha1(data: object) -> str:
    """Return the SHA-1 digest in hexadecimal.

    >>> sha1("test1")
    'b444ac06613fc8d63795be9ad0beaf55011936ac'
    """
    return digest(data, "sha1")
