"""Joins parts to a path."""

from __future__ import annotations

import posixpath


def path_join(paths: object) -> str:
    """Return the parts of a list as one path; an absolute part starts anew.

    >>> path_join(["/etc", "apt", "sources.list"])
    '/etc/apt/sources.list'
    """
    if isinstance(paths, str):
        return posixpath.join(paths)
    if isinstance(paths, (list, tuple)):
        return posixpath.join(*map(str, paths))
    raise ValueError(f"path_join expects string or sequence, got {type(paths)} instead")
