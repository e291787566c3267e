"""Whether an address is one of a private network."""

from __future__ import annotations

import ipaddress


def private(ip: object) -> bool:
    """Tell whether it is a private address.

    >>> private("10.1.1.1"), private("8.8.8.8")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_private
    except ValueError:
        return False
