"""Whether an address is kept for later."""

from __future__ import annotations

import ipaddress


def reserved(ip: object) -> bool:
    """Tell whether it is a reserved address.

    >>> reserved("253.0.0.1"), reserved("128.146.1.7")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_reserved
    except ValueError:
        return False
