"""A path without needless parts."""

from __future__ import annotations

import posixpath


def normpath(path: object) -> str:
    """Return the path with ``..``, ``.`` and double slashes taken out.

    >>> normpath("/a//b/../c/.")
    '/a/c'
    """
    return posixpath.normpath(str(path))
