"""Whether a list is part of another."""

from __future__ import annotations

from provisioner.templating.sets import as_list


def subset(value: object, other: object) -> bool:
    """Tell whether every item is in the other list.

    >>> subset([1, 2], [3, 2, 1]), subset([4], [1])
    (True, False)
    """
    others = as_list(other)
    return all(item in others for item in as_list(value))
