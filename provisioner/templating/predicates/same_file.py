"""Whether two paths of the controller are one file."""

from __future__ import annotations

from pathlib import Path


def same_file(path: str, other: str) -> bool:
    """Tell whether both lead to the same file, on the controller.

    >>> same_file("/", "/.")
    True
    """
    return Path(path).samefile(other)
