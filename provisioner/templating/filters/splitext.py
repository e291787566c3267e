"""A path and its extension."""

from __future__ import annotations

import posixpath


def splitext(path: object) -> tuple[str, str]:
    """Return root and extension.

    >>> splitext("/etc/nginx.conf")
    ('/etc/nginx', '.conf')
    """
    return posixpath.splitext(str(path))
