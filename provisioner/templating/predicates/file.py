"""Whether a path of the controller is a file."""

from __future__ import annotations

from pathlib import Path


def file(path: str) -> bool:
    """Tell whether there is a regular file, on the controller.

    >>> file("/no/such/file")
    False
    """
    return Path(path).is_file()
