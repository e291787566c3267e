"""The folder several paths share."""

from __future__ import annotations

import posixpath


def commonpath(paths: list[str]) -> str:
    """Return the longest common folder.

    >>> commonpath(["/srv/www/a", "/srv/www/b/c"])
    '/srv/www'
    """
    if isinstance(paths, str):
        raise ValueError("commonpath: a list of paths is wanted, not a string")
    return posixpath.commonpath([str(path) for path in paths])
