"""Whether an address is none."""

from __future__ import annotations

import ipaddress


def unspecified(ip: object) -> bool:
    """Tell whether it is the unspecified address.

    >>> unspecified("0.0.0.0"), unspecified("::1")
    (True, False)
    """
    try:
        return ipaddress.ip_network(str(ip), strict=False).network_address.is_unspecified
    except ValueError:
        return False
