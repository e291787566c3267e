"""Everything several lists have."""

from __future__ import annotations

from provisioner.templating.sets import as_list, distinct


def lists_union(*lists: object, flatten: bool = False) -> list[object]:
    """Return the items of all lists, each once, in order.

    ``flatten``: the one list given holds the lists.

    >>> lists_union([1, 2], [2, 3], [4])
    [1, 2, 3, 4]
    """
    return distinct(item for each in _lists(lists, flatten) for item in each)


def _lists(given: tuple[object, ...], flatten: bool) -> list[list[object]]:
    every = [as_list(each) for each in given]
    if flatten:
        every = [as_list(inner) for each in every for inner in each]
    return every or [[]]
