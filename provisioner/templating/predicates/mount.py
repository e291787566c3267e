"""Whether a path of the controller is a mount point."""

from __future__ import annotations

import os.path


def mount(path: str) -> bool:
    """Tell whether something is mounted there, on the controller.

    >>> mount("/")
    True
    """
    return os.path.ismount(path)
