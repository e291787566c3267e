"""Text with environment variables of the controller put in."""

from __future__ import annotations

import os.path


def expandvars(path: object) -> str:
    """Return the path with ``$NAME`` and ``${NAME}`` replaced; unknown names stay.

    >>> expandvars("/srv/$SURELY_NOT_SET")
    '/srv/$SURELY_NOT_SET'
    """
    return os.path.expandvars(str(path))
