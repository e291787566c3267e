"""Whether there is something at a path of the controller, be it a dead link."""

from __future__ import annotations

import os.path


def link_exists(path: str) -> bool:
    """Tell whether there is anything at the path, a dead link included.

    >>> link_exists("/")
    True
    """
    return os.path.lexists(path)
