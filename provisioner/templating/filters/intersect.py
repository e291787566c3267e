"""What two lists share."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def intersect(first: object, second: object) -> list[object]:
    """Return the items that are in both, each once, in the order of the first.

    >>> intersect([1, 2, 5, 1, 3], [1, 3, 4])
    [1, 3]
    """
    others = as_list(second)
    return [item for item in distinct(as_list(first)) if item in others]
