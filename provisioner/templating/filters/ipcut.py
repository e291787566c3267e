"""Some parts of an IPv6 address."""

from __future__ import annotations

import ipaddress


def ipcut(value: object, amount: int) -> str:
    """Return the first ``amount`` groups of an address, or the last ones for a negative number.

    >>> ipcut("1234:4321:abcd:dcba::17", 2), ipcut("1234:4321:abcd:dcba::17", -2)
    ('1234:4321', '0:17')
    """
    try:
        groups = [f"{int(part, 16):x}" for part in ipaddress.IPv6Address(str(value)).exploded.split(":")]
    except ValueError as error:
        raise ValueError(f"ipcut: {error}") from error
    if abs(amount) > len(groups) or not amount:
        raise ValueError(f"ipcut: amount is 1 to {len(groups)} or negative, not {amount}")
    return ":".join(groups[:amount] if amount > 0 else groups[amount:])
