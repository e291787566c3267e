"""Whether text is an IPv4 address."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ipv4_address(value: object) -> bool:
    """Tell whether it is an IPv4 address without a prefix.

    >>> ipv4_address("192.0.2.1"), ipv4_address("192.0.2.0/24")
    (True, False)
    """
    entry = read(value, 4)
    return entry is not None and not entry.has_prefix
