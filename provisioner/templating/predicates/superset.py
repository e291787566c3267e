"""Whether a list has all of another."""

from __future__ import annotations

from provisioner.templating.predicates.subset import subset


def superset(value: object, other: object) -> bool:
    """Tell whether every item of the other list is in this one.

    >>> superset([3, 2, 1], [1, 2])
    True
    """
    return subset(other, value)
