"""Whether text is an IPv6 address, and facts about it."""

from __future__ import annotations

from provisioner.templating.addresses import asked


def ipv6(value: object, query: object = "") -> object:
    """Return what ``ipaddr`` returns, for IPv6 alone.

    >>> ipv6(["192.0.2.1", "::1"])
    ['::1']
    """
    return asked(value, query, 6)
