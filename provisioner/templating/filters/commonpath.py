"""The folder several paths share."""

from __future__ import annotations

import posixpath

from provisioner.templating.sets import as_list


def commonpath(paths: object) -> str:
    """Return the longest common folder.

    >>> commonpath(["/srv/www/a", "/srv/www/b/c"])
    '/srv/www'
    """
    return posixpath.commonpath([str(path) for path in as_list(paths)])
