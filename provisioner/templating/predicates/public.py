"""Whether an address is one of the Internet."""

from __future__ import annotations

import ipaddress


def public(ip: object) -> bool:
    """Tell whether it is an address of the Internet.

    >>> public("8.8.8.8"), public("10.1.1.1")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_global
    except ValueError:
        return False
