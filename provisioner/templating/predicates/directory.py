"""Whether a path of the controller is a folder."""

from __future__ import annotations

from pathlib import Path


def directory(path: str) -> bool:
    """Tell whether there is a folder, on the controller.

    >>> directory("/")
    True
    """
    return Path(path).is_dir()
