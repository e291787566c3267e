"""Whether an address lies in exactly one of several networks."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.templating.predicates.in_network import in_network


def in_one_network(ip: object, networks: Iterable[object]) -> bool:
    """Tell whether the address or network lies in exactly one of the networks.

    >>> in_one_network("10.1.1.1", ["10.0.0.0/8", "192.168.1.0/24"])
    True
    """
    return sum(in_network(ip, each) for each in networks) == 1
