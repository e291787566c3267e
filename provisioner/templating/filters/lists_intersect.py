"""What several lists have in common."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def lists_intersect(*lists: object, flatten: bool = False) -> list[object]:
    """Return the items that are in every list, each once, in order.

    ``flatten``: the one list given holds the lists.

    >>> lists_intersect([1, 2, 3], [2, 3], [3, 4])
    [3]
    """
    first, *others = _lists(lists, flatten)
    return distinct(item for item in first if all(item in other for other in others))


def _lists(given: tuple[object, ...], flatten: bool) -> list[list[object]]:
    every = [as_list(each) for each in given]
    if flatten:
        every = [as_list(inner) for each in every for inner in each]
    return every or [[]]
