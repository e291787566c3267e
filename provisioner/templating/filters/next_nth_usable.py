"""The address of a host some places further."""

from __future__ import annotations

from provisioner.templating.addresses import read, usable


def next_nth_usable(value: object, offset: int) -> object:
    """Return the usable address ``offset`` places behind this one, False beyond the network.

    >>> next_nth_usable("192.0.2.1/24", 2)
    '192.0.2.3'
    """
    return _moved(value, int(offset))


def _moved(value: object, offset: int) -> object:
    entry = read(value)
    if entry is None:
        return False
    first, last = usable(entry.network)
    place = int(entry.address) + offset
    return str(entry.address + offset) if int(first) <= place <= int(last) else False
