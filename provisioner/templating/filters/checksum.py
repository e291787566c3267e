"""The checksum that file modules report."""

from __future__ import annotations

from provisioner.templating.filters.hash import hash as digest


def checksum(data: object) -> str:
    """Return the SHA-1 digest of text, as the ``checksum`` of stat and copy.

    >>> checksum("test2")
    '109f4b3c50d7b0df729d299bc6f8e9ef9066971f'
    """
    return digest(data, "sha1")
