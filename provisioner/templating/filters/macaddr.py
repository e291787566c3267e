"""Whether text is a MAC address: another name of ``hwaddr``."""

from __future__ import annotations

from provisioner.templating.filters.hwaddr import hwaddr


def macaddr(value: object, query: str = "") -> object:
    """Return the MAC address, written as ``query`` says, or False.

    >>> macaddr("1a2b3c4d5e6f", "linux")
    '1a:2b:3c:4d:5e:6f'
    """
    return hwaddr(value, query)
