"""The addresses of a list that lie in a network."""

from __future__ import annotations

from provisioner.templating.filters.network_in_network import network_in_network
from provisioner.templating.sets import as_list


def reduce_on_network(value: object, network: object) -> list[object]:
    """Return the addresses and networks that lie in ``network``.

    >>> reduce_on_network(["192.0.2.7", "198.51.100.1"], "192.0.2.0/24")
    ['192.0.2.7']
    """
    return [item for item in as_list(value) if network_in_network(network, item)]
