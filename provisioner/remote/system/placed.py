"""Which files this request has put in place itself, and what they hash to.

To prove that a change holds, a module looks at its files again. What was written to a file was hashed as it went, the
file had the size of what was hashed, and writing it to the disk ended without an error; so while it is the same file,
of that size and not written to since, it is not read once more.
"""

import os
from typing import Dict, Optional, Tuple


class Placed:
    """Files by device and number: a name may lead to another file meanwhile."""

    def __init__(self) -> None:
        self._known: Dict[Tuple[int, int], Tuple[int, int, str]] = {}

    def note(self, status: os.stat_result, sha1: str) -> None:
        """Remember what a file hashes to that was just written."""
        self._known[status.st_dev, status.st_ino] = (status.st_size, status.st_mtime_ns, sha1)

    def sha1(self, status: Optional[os.stat_result]) -> Optional[str]:
        """Return what a file hashes to, None where it has to be read for that."""
        found = self._known.get((status.st_dev, status.st_ino)) if status is not None else None
        if status is None or found is None or found[:2] != (status.st_size, status.st_mtime_ns):
            return None
        return found[2]
