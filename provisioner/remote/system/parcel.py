"""Many files in one body: of each how long its name and its content are, then both. Written and read by us alone."""

import io
import struct
from typing import IO, Any, Iterator, Tuple

from ..change import Failed

SIZES = struct.Struct("!IQ")
AT_ONCE = 1024 * 1024
"""Up to how many bytes a content is read before it is given away."""
LONGEST_NAME = 64 * 1024


def heading(name: str, size: int) -> bytes:
    """Return what stands before a content of ``size`` bytes."""
    text = name.encode("utf-8", "surrogateescape")
    return SIZES.pack(len(text), size) + text


def contents(stream: IO[bytes]) -> Iterator[Tuple[str, Any]]:
    """Yield name and content of each file, the content as something to read from before the next one is asked for."""
    while True:
        sizes = stream.read(SIZES.size)
        if not sizes:
            return
        if len(sizes) < SIZES.size:
            raise _cut()
        length, size = SIZES.unpack(sizes)
        if length > LONGEST_NAME:
            raise Failed("the files that were sent are not as they were packed")
        name = _exactly(stream, length).decode("utf-8", "surrogateescape")
        part: Any = io.BytesIO(_exactly(stream, size)) if size <= AT_ONCE else Part(stream, size)
        yield name, part
        while part.read(AT_ONCE):
            pass  # nobody wanted all of it


class Part:
    """A large content that is read from the body as it is needed."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at its end."""
        wanted = min(size, self._left)
        data = _exactly(self._stream, wanted)
        self._left -= wanted
        return data


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size) if size else b""
    if len(data) < size:
        raise _cut()
    return data


def _cut() -> Failed:
    return Failed("the files that were sent end in the middle of one")
