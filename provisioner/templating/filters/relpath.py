"""A path as seen from a folder."""

from __future__ import annotations

import os.path


def relpath(path: object, start: str = ".") -> str:
    """Return ``path`` relative to ``start``.

    >>> relpath("/srv/www/index.html", "/srv/log")
    '../www/index.html'
    """
    return os.path.relpath(str(path), start)
