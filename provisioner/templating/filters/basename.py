"""The last part of a path."""

from __future__ import annotations

import posixpath


def basename(path: object) -> str:
    """Return the part behind the last slash.

    >>> basename("/etc/nginx/nginx.conf")
    'nginx.conf'
    """
    return posixpath.basename(str(path))
