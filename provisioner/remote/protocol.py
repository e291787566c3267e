"""Frames between controller and worker: a fixed header, a JSON head, a raw body. No pickle.

Layout of a frame, big endian: type (1 byte), length of head (4), length of body (8), head (UTF-8 JSON), body.
A LOAD frame's body is a dictionary of sources (path below the package to text) as JSON, compressed by zlib.
A STORE frame's body are files compressed together; its head lists the digest and length of each (``files``).
A PING frame says that the controller is there; ``every`` in its head is how many seconds apart they come at most.
A RUN frame comes before the first request: ``log`` names the record of what is done, ``lease`` is who wants the host.
A REFUSED frame answers it where another run has the host; its head is what is known of that run.
"""

import json
import struct
import zlib
from typing import Any, Dict, Optional, Tuple

VERSION = 1
MARKER = b"\x01provisioner-worker:%d\x02\n" % VERSION
HEADER = struct.Struct("!BIQ")
MAX_HEAD = 256 * 1024 * 1024
CHUNK = 256 * 1024

HELLO = 1
REQUEST = 2
RESULT = 3
OUTPUT = 4
LOAD = 5
CLOSE = 6
BREAK = 7
PING = 8
RUN = 10
REFUSED = 11
STORE = 9


class Broken(Exception):
    """The stream ended inside a frame or does not hold frames."""


def pack(kind: int, head: Dict[str, Any], body: bytes = b"") -> bytes:
    """Return a whole frame as bytes."""
    text = json.dumps(head, separators=(",", ":"), default=_plain).encode("utf-8", "surrogateescape")
    return HEADER.pack(kind, len(text), len(body)) + text + body


def pack_header(kind: int, head: Dict[str, Any], body_length: int) -> bytes:
    """Return a frame up to its body, for bodies that are streamed behind it."""
    text = json.dumps(head, separators=(",", ":"), default=_plain).encode("utf-8", "surrogateescape")
    return HEADER.pack(kind, len(text), body_length) + text


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def pack_sources(sources: Dict[str, str]) -> bytes:
    """Return a whole LOAD frame."""
    body = zlib.compress(json.dumps(sources, separators=(",", ":")).encode("utf-8"), 9)
    return pack(LOAD, {}, body)


def unpack_sources(body: bytes) -> Dict[str, str]:
    """Return the sources in the body of a LOAD frame."""
    sources: Dict[str, str] = json.loads(_decompressed(body).decode("utf-8"))
    return sources


def pack_files(files: Dict[str, bytes]) -> bytes:
    """Return a whole STORE frame; ``files`` are contents by digest."""
    head = {"files": [[digest, len(content)] for digest, content in files.items()]}
    return pack(STORE, head, zlib.compress(b"".join(files.values()), 6))


def unpack_files(head: Dict[str, Any], body: bytes) -> Dict[str, bytes]:
    """Return the files in a STORE frame, by digest."""
    data = memoryview(_decompressed(body))
    found = {}
    for digest, length in head["files"]:
        found[digest], data = bytes(data[:length]), data[length:]
    return found


def _decompressed(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise Broken("a body that cannot be decompressed: %s" % error) from None


def read_exactly(stream: Any, length: int) -> bytes:
    """Return ``length`` bytes or raise Broken."""
    parts = []
    while length:
        part = stream.read(min(length, CHUNK))
        if not part:
            raise Broken("stream ended inside a frame")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def read_head(stream: Any) -> Optional[Tuple[int, Dict[str, Any], int]]:
    """Return (type, head, length of the body that follows), or None at a clean end."""
    first = stream.read(1)
    if not first:
        return None
    kind, head_length, body_length = HEADER.unpack(first + read_exactly(stream, HEADER.size - 1))
    if head_length > MAX_HEAD:
        raise Broken("a frame's head of %d bytes is not ours" % head_length)
    head = json.loads(read_exactly(stream, head_length).decode("utf-8", "surrogateescape"))
    if not isinstance(head, dict):
        raise Broken("a frame's head is not ours")
    return kind, head, body_length
