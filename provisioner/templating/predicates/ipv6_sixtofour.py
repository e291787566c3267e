"""Whether an IPv6 address is one of 6to4."""

from __future__ import annotations

import ipaddress


def ipv6_sixtofour(ip: object) -> bool:
    """Tell whether it is a 6to4 address.

    >>> ipv6_sixtofour("2002:c0a8:6301:1::1"), ipv6_sixtofour("::1")
    (True, False)
    """
    try:
        return ipaddress.IPv6Address(str(ip)).sixtofour is not None
    except ValueError:
        return False
