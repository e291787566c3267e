"""Whether an address is that of the machine itself."""

from __future__ import annotations

import ipaddress


def loopback(ip: object) -> bool:
    """Tell whether it is a loopback address.

    >>> loopback("127.0.0.1"), loopback("10.1.1.1")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_loopback
    except ValueError:
        return False
