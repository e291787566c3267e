"""The folder part of a path."""

from __future__ import annotations

import posixpath


def dirname(path: object) -> str:
    """Return the part before the last slash.

    >>> dirname("/etc/nginx/nginx.conf")
    '/etc/nginx'
    """
    return posixpath.dirname(str(path))
