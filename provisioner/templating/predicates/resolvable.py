"""Whether a name has an address, or an address a name."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable


def resolvable(host: object) -> bool:
    """Tell whether this machine finds an address for the name, or a name for the address.

    >>> resolvable("no.such.host.invalid")
    False
    """
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return _finds(lambda: socket.getaddrinfo(str(host), None))
    return _finds(lambda: socket.gethostbyaddr(str(host)))


def _finds(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except OSError:
        return False
    return True
