"""Whether text is an IP address."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ip_address(value: object) -> bool:
    """Tell whether it is an address without a prefix.

    >>> ip_address("::1"), ip_address("192.0.2.0/24")
    (True, False)
    """
    entry = read(value)
    return entry is not None and not entry.has_prefix
