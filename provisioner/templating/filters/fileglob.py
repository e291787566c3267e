"""Files of the controller by pattern."""

from __future__ import annotations

import glob
from pathlib import Path


def fileglob(pattern: str) -> list[str]:
    """Return the files (no folders) that match.

    >>> fileglob("/no/such/folder/*")
    []
    """
    return [path for path in glob.glob(pattern) if Path(path).is_file()]  # noqa: PTH207 - the pattern may be absolute
