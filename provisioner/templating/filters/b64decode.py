"""Decodes Base64."""

from __future__ import annotations

import base64


def b64decode(string: object, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """Return the text that was encoded.

    >>> b64decode("aGVsbG8=")
    'hello'
    """
    data = str(string).encode()
    return (base64.urlsafe_b64decode(data) if urlsafe else base64.b64decode(data)).decode(encoding, "surrogateescape")
