"""What an odd number of lists has."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def lists_symmetric_difference(*lists: object, flatten: bool = False) -> list[object]:
    """Return the items in either of two lists but not in both, list after list.

    ``flatten``: the one list given holds the lists.

    >>> lists_symmetric_difference([1, 2, 3], [3, 4])
    [1, 2, 4]
    """
    found, *others = _lists(lists, flatten)
    for other in others:
        found = distinct([*(i for i in found if i not in other), *(i for i in other if i not in found)])
    return distinct(found)


def _lists(given: tuple[object, ...], flatten: bool) -> list[list[object]]:
    every = [as_list(each) for each in given]
    if flatten:
        every = [as_list(inner) for each in every for inner in each]
    return every or [[]]
