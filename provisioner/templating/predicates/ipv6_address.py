"""Whether text is an IPv6 address."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ipv6_address(value: object) -> bool:
    """Tell whether it is an IPv6 address without a prefix.

    >>> ipv6_address("::1"), ipv6_address("2001:db8::/32")
    (True, False)
    """
    entry = read(value, 6)
    return entry is not None and not entry.has_prefix
