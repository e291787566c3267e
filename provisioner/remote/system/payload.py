"""The raw body of a request: in memory while small, in a private temporary file when large."""

import io
import os
import tempfile
from typing import IO, Callable, Optional

from .hashing import Digests, Hashing

IN_MEMORY = 4 * 1024 * 1024
PART = 256 * 1024


class Unstorable(Exception):
    """The body was received, but there was no room for it."""


class Payload:
    """A body that can be opened any number of times and removes its file when closed.

    ``digests`` are those of a body that lies in a file, taken while it came.
    """

    def __init__(self, data: bytes = b"", path: Optional[str] = None, digests: Optional[Digests] = None) -> None:
        self._data, self._path, self._digests = data, path, digests

    @property
    def digests(self) -> Digests:
        """What the body hashes to; a large one is not read for it."""
        if self._digests is None:
            hashing = Hashing()
            hashing.add(self.read())
            self._digests = hashing.digests()
        return self._digests

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


def receive(read: Callable[[int], bytes], size: int, folder: Callable[[], str]) -> Payload:
    """Read ``size`` bytes; large bodies go to a file in ``folder()`` that only this user can read (mode 0600).

    Where it cannot be stored it is read all the same, as the next frame stands behind it; then Unstorable is raised.
    """
    if size <= IN_MEMORY:
        return Payload(read(size))
    path, left, hashing = None, size, Hashing()
    try:
        descriptor, path = tempfile.mkstemp(prefix="payload-", dir=folder())
        with os.fdopen(descriptor, "wb", 0) as spool:
            while left:
                part = read(min(left, PART))
                left -= len(part)
                hashing.add(part)
                _write(spool, part)
    except OSError as error:
        if path is not None:
            os.unlink(path)
        while left:
            left -= len(read(min(left, PART)))
        message = "%d bytes cannot be stored: %s" % (size, error.strerror or error)
        raise Unstorable(message + (" (%s)" % os.path.dirname(path) if path else "")) from error
    return Payload(path=path, digests=hashing.digests())


def _write(spool: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[spool.write(view) or 0 :]
