"""Whether an address is the mask of a network."""

from __future__ import annotations

import ipaddress


def ipv4_netmask(ip: object) -> bool:
    """Tell whether it is a netmask such as 255.255.255.0.

    >>> ipv4_netmask("255.255.255.0"), ipv4_netmask("255.0.255.0")
    (True, False)
    """
    try:
        return ipaddress.IPv4Network(f"10.0.0.0/{ip}", strict=False).netmask == ipaddress.IPv4Address(str(ip))
    except ValueError:
        return False
