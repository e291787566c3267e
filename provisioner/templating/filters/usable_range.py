"""The addresses of a network."""

from __future__ import annotations

import ipaddress

MOST = 65536


def usable_range(ip: object) -> dict[str, object]:
    """Return all addresses of a network and their number.

    >>> usable_range("10.0.0.0/30")
    {'number_of_ips': 4, 'usable_ips': ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3']}
    """
    try:
        network = ipaddress.ip_network(str(ip), strict=False)
    except ValueError as error:
        raise ValueError(f"usable_range: {error}") from error
    if network.num_addresses > MOST:
        raise ValueError(f"usable_range: {network} has {network.num_addresses} addresses; at most {MOST} are listed")
    return {"number_of_ips": network.num_addresses, "usable_ips": [str(address) for address in network]}
