"""The IPv6 address a machine gives itself."""

from __future__ import annotations

import ipaddress
import re


def slaac(value: object, query: str) -> str:
    """Return the address that a hardware address (``query``) leads to in a network.

    >>> slaac("fdcf:1894:23b5:d38c::/64", "c2:31:b3:83:bf:2b")
    'fdcf:1894:23b5:d38c:c031:b3ff:fe83:bf2b'
    """
    try:
        network = ipaddress.IPv6Network(str(value), strict=False)
    except ValueError as error:
        raise ValueError(f"slaac: {error}") from error
    digits = re.sub(r"[^0-9a-fA-F]", "", str(query))
    if len(digits) != 12:
        raise ValueError(f"slaac: '{query}' is no hardware address")
    octets = bytearray.fromhex(digits)
    octets[0] ^= 2
    identifier = int.from_bytes(octets[:3] + b"\xff\xfe" + octets[3:], "big")
    return str(network.network_address + identifier)
