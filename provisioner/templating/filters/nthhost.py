"""The address at a position of a network."""

from __future__ import annotations

from provisioner.templating.addresses import nth, read


def nthhost(value: object, query: object = "") -> object:
    """Return the address at a position, counted from the end where it is negative.

    >>> nthhost("192.0.2.0/24", 5), nthhost("192.0.2.0/24", -1)
    ('192.0.2.5', '192.0.2.255')
    """
    entry = read(value)
    if entry is None or query in ("", None):
        return False
    found = nth(entry.network, int(str(query)))
    return str(found) if found is not None else False
