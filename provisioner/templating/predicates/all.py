"""Whether every item is true."""

from __future__ import annotations

import builtins
from collections.abc import Iterable


def all(items: Iterable[object]) -> bool:
    """Tell whether all items count as true.

    >>> all([True, 1]), all([True, ""])
    (True, False)
    """
    return builtins.all(items)
