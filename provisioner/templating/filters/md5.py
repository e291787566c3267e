"""The MD5 digest of text."""

from __future__ import annotations

from provisioner.templating.filters.hash import hash as digest


def md5(data: object) -> str:
    """Return the MD5 digest in hexadecimal.

    >>> md5("test1")
    '5a105e8b9d40e1329780d62ea2265d8a'
    """
    return digest(data, "md5")
