"""Whether a path is absolute."""

from __future__ import annotations

from pathlib import Path


def abs(path: str) -> bool:
    """Tell whether the path begins at the root.

    >>> abs("/etc"), abs("etc")
    (True, False)
    """
    return Path(path).is_absolute()
