"""Networks joined to as few as possible."""

from __future__ import annotations

import ipaddress

from provisioner.templating.addresses import read
from provisioner.templating.sets import as_list


def cidr_merge(value: object, action: str = "merge") -> object:
    """Return the fewest networks that cover the same addresses, or with ``span`` the one that covers all.

    >>> cidr_merge(["192.0.2.0/25", "192.0.2.128/25"]), cidr_merge(["192.0.2.1", "192.0.2.9"], "span")
    (['192.0.2.0/24'], '192.0.2.0/28')
    """
    networks = [entry.network for entry in map(read, as_list(value)) if entry is not None]
    if action == "merge":
        found: list[str] = []
        for version in (4, 6):
            some = [network for network in networks if network.version == version]
            found += [str(network) for network in ipaddress.collapse_addresses(some)]  # type: ignore[type-var]
        return found
    if action != "span":
        raise ValueError(f"cidr_merge: action is 'merge' or 'span', not '{action}'")
    if not networks:
        return None
    low = min(networks, key=lambda network: int(network.network_address))
    high = max(int(network.broadcast_address) for network in networks)
    while int(low.broadcast_address) < high:
        low = low.supernet()
    return str(low)
