"""A path with ``~`` replaced by a home folder."""

from __future__ import annotations

import os.path


def expanduser(path: object) -> str:
    """Return the path with ``~`` or ``~user`` replaced, on the controller.

    >>> expanduser("/srv/x")
    '/srv/x'
    """
    return os.path.expanduser(str(path))  # noqa: PTH111 - text in, text out, also for what is no path
