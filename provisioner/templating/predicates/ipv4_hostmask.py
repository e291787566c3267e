"""Whether an address is the mask of hosts."""

from __future__ import annotations

import ipaddress


def ipv4_hostmask(ip: object) -> bool:
    """Tell whether it is a host mask such as 0.0.0.255.

    >>> ipv4_hostmask("0.0.0.255"), ipv4_hostmask("255.255.255.0")
    (True, False)
    """
    try:
        return ipaddress.IPv4Network(f"10.0.0.0/{ip}", strict=False).hostmask == ipaddress.IPv4Address(str(ip))
    except ValueError:
        return False
