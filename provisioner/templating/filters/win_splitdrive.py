"""The drive and the rest of a Windows path."""

from __future__ import annotations

import ntpath


def win_splitdrive(path: object) -> tuple[str, str]:
    r"""Return drive and rest.

    >>> win_splitdrive(r"C:\Windows")[0]
    'C:'
    """
    return ntpath.splitdrive(str(path))
