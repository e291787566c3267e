"""The address of a host some places before."""

from __future__ import annotations

from provisioner.templating.filters.next_nth_usable import next_nth_usable


def previous_nth_usable(value: object, offset: int) -> object:
    """Return the usable address ``offset`` places before this one, False beyond the network.

    >>> previous_nth_usable("192.0.2.10/24", 2)
    '192.0.2.8'
    """
    return next_nth_usable(value, -int(offset))
