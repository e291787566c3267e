"""Whether a list has an item."""

from __future__ import annotations

from collections.abc import Container


def contains(items: Container[object], value: object) -> bool:
    """Tell whether ``value`` is in the list, dictionary or text: ``in`` the other way round, for ``selectattr``.

    >>> contains([1, 2], 2), contains("abc", "x")
    (True, False)
    """
    return value in items
