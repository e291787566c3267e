"""Whether an IPv6 address is one of Teredo."""

from __future__ import annotations

import ipaddress


def ipv6_teredo(ip: object) -> bool:
    """Tell whether it is a Teredo address.

    >>> ipv6_teredo("2001::c0a8:6301:1"), ipv6_teredo("::1")
    (True, False)
    """
    try:
        return ipaddress.IPv6Address(str(ip)).teredo is not None
    except ValueError:
        return False
