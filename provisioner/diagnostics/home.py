"""``~`` at the beginning of a path."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """Return a path with ``~`` or ``~user`` as that home; where there is no such user it stays as it is written.

    ``Path.expanduser`` raises RuntimeError then, and whoever looks for the file says more.
    """
    try:
        return Path(os.path.expanduser(path))  # noqa: PTH111 - see above
    except ValueError:  # a name with a NUL is nobody's
        return Path(path)
