"""Whether an IPv6 address stands for an IPv4 one."""

from __future__ import annotations

import ipaddress


def ipv6_ipv4_mapped(ip: object) -> bool:
    """Tell whether it is an IPv4-mapped address.

    >>> ipv6_ipv4_mapped("::FFFF:10.1.1.1"), ipv6_ipv4_mapped("::1")
    (True, False)
    """
    try:
        return ipaddress.IPv6Address(str(ip)).ipv4_mapped is not None
    except ValueError:
        return False
