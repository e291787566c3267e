"""Encodes text as Base64."""

from __future__ import annotations

import base64


def b64encode(string: object, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """Return the text encoded.

    >>> b64encode("hello")
    'aGVsbG8='
    """
    data = str(string).encode(encoding, "surrogateescape")
    return (base64.urlsafe_b64encode(data) if urlsafe else base64.b64encode(data)).decode("ascii")
