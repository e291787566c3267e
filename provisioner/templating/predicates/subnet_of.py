"""Whether a network lies within another."""

from __future__ import annotations

import ipaddress


def subnet_of(network_a: object, network_b: object) -> bool:
    """Tell whether the network lies in the other.

    >>> subnet_of("10.1.1.0/24", "10.0.0.0/8")
    True
    """
    try:
        first = ipaddress.ip_network(str(network_a), strict=False)
        second = ipaddress.ip_network(str(network_b), strict=False)
        return first.subnet_of(second)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
