"""Whether text is an IPv4 address or network."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ipv4(value: object) -> bool:
    """Tell whether it is IPv4.

    >>> ipv4("192.0.2.1"), ipv4("::1")
    (True, False)
    """
    return read(value, 4) is not None
