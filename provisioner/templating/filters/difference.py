"""What one list has and another has not."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def difference(first: object, second: object) -> list[object]:
    """Return the items of ``first`` that are not in ``second``, each once, in order.

    >>> difference([1, 2, 5, 1, 3], [1, 3, 4])
    [2, 5]
    """
    others = as_list(second)
    return [item for item in distinct(as_list(first)) if item not in others]
