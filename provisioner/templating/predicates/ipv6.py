"""Whether text is an IPv6 address or network."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ipv6(value: object) -> bool:
    """Tell whether it is IPv6.

    >>> ipv6("::1"), ipv6("192.0.2.1")
    (True, False)
    """
    return read(value, 6) is not None
