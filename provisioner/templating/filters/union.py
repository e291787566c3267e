"""Everything two lists have."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def union(first: object, second: object) -> list[object]:
    """Return the items of both, each once, in order.

    >>> union([1, 2, 5, 1, 3], [1, 3, 4])
    [1, 2, 5, 3, 4]
    """
    return distinct([*as_list(first), *as_list(second)])
