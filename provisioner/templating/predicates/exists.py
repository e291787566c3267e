"""Whether a path of the controller exists."""

from __future__ import annotations

from pathlib import Path


def exists(path: str) -> bool:
    """Tell whether there is anything at the path, on the controller; a dead link is nothing.

    >>> exists("/"), exists("/no/such/thing")
    (True, False)
    """
    return Path(path).exists()
