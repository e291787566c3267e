"""Whether hosts of a network may have an address."""

from __future__ import annotations

from provisioner.templating.addresses import read, usable


def network_in_usable(value: object, test: object) -> bool:
    """Tell whether ``test`` lies among the usable addresses of ``value``.

    >>> network_in_usable("192.0.2.0/24", "192.0.2.1"), network_in_usable("192.0.2.0/24", "192.0.2.255")
    (True, False)
    """
    outer, inner = read(value), read(test)
    if outer is None or inner is None or outer.interface.version != inner.interface.version:
        return False
    first, last = map(int, usable(outer.network))
    low = int(inner.network.network_address if inner.has_prefix else inner.address)
    high = int(inner.network.broadcast_address if inner.has_prefix else inner.address)
    return first <= low and high <= last
