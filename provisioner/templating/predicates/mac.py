"""Whether text is a MAC address."""

from __future__ import annotations

from provisioner.templating.filters.hwaddr import hwaddr


def mac(value: object) -> bool:
    """Tell whether it is a MAC address in any of the usual ways to write it.

    >>> mac("1a:2b:3c:4d:5e:6f"), mac("x")
    (True, False)
    """
    return hwaddr(value, "bool") is True
