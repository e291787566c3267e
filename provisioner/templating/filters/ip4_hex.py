"""An IPv4 address in hexadecimal digits."""

from __future__ import annotations

import ipaddress


def ip4_hex(arg: object, delimiter: str = "") -> str:
    """Return the four parts in two hexadecimal digits each.

    >>> ip4_hex("192.168.1.5"), ip4_hex("192.168.1.5", ":")
    ('c0a80105', 'c0:a8:01:05')
    """
    return delimiter.join(f"{part:02x}" for part in ipaddress.IPv4Address(str(arg)).packed)
