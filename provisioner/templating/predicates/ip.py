"""Whether text is an IP address or network."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ip(value: object) -> bool:
    """Tell whether it is IPv4 or IPv6.

    >>> ip("::1"), ip("example.com")
    (True, False)
    """
    return read(value) is not None
