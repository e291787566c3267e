"""The raw body of a request: in memory while small, in a private temporary file when large."""

import io
import os
import tempfile
from typing import IO, Callable, Optional

IN_MEMORY = 4 * 1024 * 1024


class Payload:
    """A body that can be opened any number of times and removes its file when closed."""

    def __init__(self, data: bytes = b"", path: Optional[str] = None, size: Optional[int] = None) -> None:
        self._data, self._path = data, path
        self.size = len(data) if size is None else size

    def open(self) -> IO[bytes]:
        """Return a stream at the start of the body."""
        if self._path is not None:
            return open(self._path, "rb")
        return io.BytesIO(self._data)

    def read(self) -> bytes:
        """Return the whole body."""
        with self.open() as stream:
            return stream.read()

    def close(self) -> None:
        """Remove what was spooled to disk."""
        if self._path is not None:
            os.unlink(self._path)
            self._path = None


def receive(read: Callable[[int], bytes], size: int, folder: Optional[str] = None) -> Payload:
    """Read ``size`` bytes; large bodies go to a file only this user can read (mode 0600)."""
    if size <= IN_MEMORY:
        return Payload(read(size))
    descriptor, path = tempfile.mkstemp(prefix="payload-", dir=folder)
    with os.fdopen(descriptor, "wb") as spool:
        left = size
        while left:
            part = read(min(left, 256 * 1024))
            spool.write(part)
            left -= len(part)
    return Payload(path=path, size=size)
