"""Whether a path of the controller is a symbolic link."""

from __future__ import annotations

from pathlib import Path


def link(path: str) -> bool:
    """Tell whether there is a symbolic link, on the controller.

    >>> link("/")
    False
    """
    return Path(path).is_symlink()
