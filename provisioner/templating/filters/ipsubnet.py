"""Smaller networks inside a network."""

from __future__ import annotations

import ipaddress

from provisioner.templating.addresses import read


def ipsubnet(value: object, query: object = "", index: object = None) -> object:
    """Return how many networks of prefix ``query`` there are, the one at ``index``, or the network around an address.

    >>> ipsubnet("192.0.2.0/24", 26), ipsubnet("192.0.2.0/24", 26, 1), ipsubnet("192.0.2.7", 29)
    ('4', '192.0.2.64/26', '192.0.2.0/29')
    """
    entry = read(value)
    if entry is None:
        return False
    if query in ("", None):
        return str(entry.network)
    if not str(query).isdigit():
        return _position(entry.network, str(query))
    prefix = int(str(query))
    if not entry.is_network:
        around = ipaddress.ip_network(f"{entry.address}/{prefix}", strict=False)
        return str(around) if index is None else False
    if index is None:
        return str(1 << (prefix - entry.network.prefixlen)) if prefix >= entry.network.prefixlen else False
    return _nth_subnet(entry.network, prefix, int(str(index)))


def _nth_subnet(network: ipaddress.IPv4Network | ipaddress.IPv6Network, prefix: int, index: int) -> object:
    if prefix < network.prefixlen:
        return False
    count = 1 << (prefix - network.prefixlen)
    position = index if index >= 0 else count + index
    if not 0 <= position < count:
        return False
    first = network.network_address + position * (1 << (network.max_prefixlen - prefix))
    return f"{first}/{prefix}"


def _position(network: ipaddress.IPv4Network | ipaddress.IPv6Network, inside: str) -> object:
    """Return which subnet of the size of ``inside`` it is, counted from 1."""
    inner = read(inside)
    if inner is None or inner.interface.version != network.version or inner.network.prefixlen < network.prefixlen:
        return False
    offset = int(inner.network.network_address) - int(network.network_address)
    return str(offset // inner.network.num_addresses + 1) if 0 <= offset < network.num_addresses else False
