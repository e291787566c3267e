"""A checksum against accidents."""

from __future__ import annotations

import zlib


def crc32(value: object) -> str:
    """Return the CRC32 of a text in hexadecimal digits.

    >>> crc32("test")
    'd87f7e0c'
    """
    return f"{zlib.crc32(str(value).encode()):x}"
