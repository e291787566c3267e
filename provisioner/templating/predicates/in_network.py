"""Whether an address lies in a network."""

from __future__ import annotations

from provisioner.templating.filters.network_in_network import network_in_network


def in_network(value: object, network: object) -> bool:
    """Tell whether the address or network lies in ``network``.

    >>> in_network("192.0.2.7", "192.0.2.0/24")
    True
    """
    return network_in_network(network, value)
