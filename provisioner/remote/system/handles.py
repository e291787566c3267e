"""A file held by a descriptor: what was looked at is what is changed, whatever its name leads to meanwhile."""

import os
import stat as modes
from typing import Any, Union

REACHED = "/proc/self/fd/%d"


class Handle:
    """What a path leads to now, or a link in its last place itself where that is not to be followed."""

    def __init__(self, real: str, follow: bool) -> None:
        self.real = real
        self._descriptor = os.open(real, os.O_PATH | (0 if follow else os.O_NOFOLLOW))
        self._opened = -1

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *_: Any) -> None:
        os.close(self._descriptor)
        if self._opened >= 0:
            os.close(self._opened)

    def status(self) -> os.stat_result:
        """Return its status."""
        return os.fstat(self._descriptor)

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link."""
        return modes.S_ISLNK(self.status().st_mode)

    def read(self) -> bytes:
        """Return the whole content."""
        reached = self._reached()
        with open(reached, "rb", closefd=isinstance(reached, str)) as stream:
            return stream.read()

    def chown(self, uid: int, gid: int) -> None:
        """Set its owner and group; -1 leaves one as it is."""
        if self.is_link:
            os.chown(self.real, uid, gid, follow_symlinks=False)  # which never goes further than the link
        else:
            os.chown(self._reached(), uid, gid)

    def chmod(self, mode: int) -> None:
        """Set its permissions; a link has none."""
        if not self.is_link:
            os.chmod(self._reached(), mode)

    def _reached(self) -> Union[int, str]:
        """Return what leads to the held file only: its descriptor's own name, or without /proc, one that is opened."""
        if os.path.exists(REACHED % self._descriptor):
            return REACHED % self._descriptor
        if self._opened < 0:
            self._opened = os.open(self.real, os.O_RDONLY | os.O_NONBLOCK)
            if not os.path.samestat(os.fstat(self._opened), self.status()):
                raise OSError("it is another file now")
        return self._opened
