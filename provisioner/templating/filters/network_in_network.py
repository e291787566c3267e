"""Whether a network lies inside another."""

from __future__ import annotations

from provisioner.templating.addresses import read


def network_in_network(value: object, test: object) -> bool:
    """Tell whether the network (or address) ``test`` is inside ``value``.

    >>> network_in_network("192.0.2.0/24", "192.0.2.64/26"), network_in_network("192.0.2.0/24", "192.0.3.1")
    (True, False)
    """
    outer, inner = read(value), read(test)
    if outer is None or inner is None or outer.interface.version != inner.interface.version:
        return False
    return (
        outer.network.network_address <= inner.network.network_address  # type: ignore[operator]
        and inner.network.broadcast_address <= outer.network.broadcast_address  # type: ignore[operator]
    )
