"""IPv6 addresses, short or long."""

from __future__ import annotations

import ipaddress


def ipv6form(value: object, format: str) -> str:
    """Return an address in a format: compress, expand or x509.

    >>> ipv6form("2001:0db8::0001", "compress"), ipv6form("2001:db8::1", "x509")
    ('2001:db8::1', '2001:db8:0:0:0:0:0:1')
    """
    try:
        address = ipaddress.IPv6Address(str(value))
    except ValueError as error:
        raise ValueError(f"ipv6form: {error}") from error
    match format:
        case "compress":
            return address.compressed
        case "expand":
            return address.exploded
        case "x509":
            return ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":"))
    raise ValueError(f"ipv6form: format is compress, expand or x509, not '{format}'")
