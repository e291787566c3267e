"""The real place of a path on the controller."""

from __future__ import annotations

import os


def realpath(path: object) -> str:
    """Return the absolute path with symbolic links resolved, on the controller.

    >>> realpath("/..//etc/../")
    '/'
    """
    return os.path.realpath(str(path))
