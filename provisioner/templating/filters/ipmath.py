"""Addresses a number away."""

from __future__ import annotations

from provisioner.templating.addresses import read


def ipmath(value: object, amount: int) -> str:
    """Return the address ``amount`` further (or before).

    >>> ipmath("192.0.2.5", 10), ipmath("192.0.2.1", -1)
    ('192.0.2.15', '192.0.2.0')
    """
    entry = read(value)
    if entry is None:
        raise ValueError(f"ipmath: '{value}' is no address")
    return str(entry.address + int(amount))
