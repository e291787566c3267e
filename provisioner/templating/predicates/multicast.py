"""Whether an address is one of a group of machines."""

from __future__ import annotations

import ipaddress


def multicast(ip: object) -> bool:
    """Tell whether it is a multicast address.

    >>> multicast("224.0.0.1"), multicast("10.1.1.1")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_multicast
    except ValueError:
        return False
