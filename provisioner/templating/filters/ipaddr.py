"""Whether text is an IP address, and facts about it."""

from __future__ import annotations

from provisioner.templating.addresses import asked


def ipaddr(value: object, query: object = "", version: int | None = None) -> object:
    """Return the address, or the answer to a query; False (or nothing in a list) for what is no address.

    Queries: address, network, netmask, prefix, broadcast, host, net, subnet, size, first_usable, last_usable,
    next_usable, private, public, loopback, revdns, wrap, type, version, int, a position, a network, and more.

    >>> ipaddr("192.0.2.7/24", "network"), ipaddr("192.0.2.7/24", "netmask"), ipaddr("x")
    ('192.0.2.0', '255.255.255.0', False)
    >>> ipaddr(["192.0.2.1", "example.com", "::1"])
    ['192.0.2.1', '::1']
    """
    return asked(value, query, version)
