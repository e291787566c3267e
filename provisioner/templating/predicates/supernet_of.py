"""Whether a network lies around another."""

from __future__ import annotations

import ipaddress


def supernet_of(network_a: object, network_b: object) -> bool:
    """Tell whether the network contains the other.

    >>> supernet_of("10.0.0.0/8", "10.1.1.0/24")
    True
    """
    try:
        first = ipaddress.ip_network(str(network_a), strict=False)
        second = ipaddress.ip_network(str(network_b), strict=False)
        return first.supernet_of(second)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
