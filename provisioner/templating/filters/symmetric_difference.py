"""What only one of two lists has."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def symmetric_difference(first: object, second: object) -> list[object]:
    """Return the items that are in exactly one of the lists, each once, in order.

    >>> symmetric_difference([1, 2, 5, 1, 3], [1, 3, 4])
    [2, 5, 4]
    """
    mine, theirs = as_list(first), as_list(second)
    return distinct([item for item in mine if item not in theirs] + [item for item in theirs if item not in mine])
