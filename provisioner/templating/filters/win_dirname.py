"""The folder part of a Windows path."""

from __future__ import annotations

import ntpath


def win_dirname(path: object) -> str:
    r"""Return the part before the last backslash.

    >>> print(win_dirname(r"C:\Windows\notepad.exe"))
    C:\Windows
    """
    return ntpath.dirname(str(path))
