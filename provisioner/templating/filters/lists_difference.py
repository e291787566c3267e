"""What only the first of several lists has."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def lists_difference(*lists: object, flatten: bool = False) -> list[object]:
    """Return the items of the first list that are in none of the others.

    ``flatten``: the one list given holds the lists.

    >>> lists_difference([1, 2, 3], [2], [4])
    [1, 3]
    """
    first, *others = _lists(lists, flatten)
    return distinct(item for item in first if not any(item in other for other in others))


def _lists(given: tuple[object, ...], flatten: bool) -> list[list[object]]:
    every = [as_list(each) for each in given]
    if flatten:
        every = [as_list(inner) for each in every for inner in each]
    return every or [[]]
