"""Whether one item is true."""

from __future__ import annotations

import builtins
from collections.abc import Iterable


def any(items: Iterable[object]) -> bool:
    """Tell whether any item counts as true.

    >>> any([False, 1]), any([])
    (True, False)
    """
    return builtins.any(items)
