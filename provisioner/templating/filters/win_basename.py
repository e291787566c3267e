"""The last part of a Windows path."""

from __future__ import annotations

import ntpath


def win_basename(path: object) -> str:
    r"""Return the part behind the last backslash.

    >>> win_basename(r"C:\Windows\notepad.exe")
    'notepad.exe'
    """
    return ntpath.basename(str(path))
