"""Whether text is an IPv4 address, and facts about it."""

from __future__ import annotations

from provisioner.templating.addresses import asked


def ipv4(value: object, query: object = "") -> object:
    """Return what ``ipaddr`` returns, for IPv4 alone.

    >>> ipv4(["192.0.2.1", "::1"]), ipv4("::1")
    (['192.0.2.1'], False)
    """
    return asked(value, query, 4)
