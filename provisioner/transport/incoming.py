"""Frames from a worker turned into replies, streamed output, and bodies in memory or in files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from provisioner.diagnostics.errors import Lost
from provisioner.model.call import Reply
from provisioner.remote import protocol

MAX_IN_MEMORY = 64 * 1024 * 1024
DEEPEST = 100
"""How deep a result may lie in itself."""


class Readable(Protocol):
    """What frames are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at least one and at most ``size`` bytes, or nothing at the end."""


def reply_of(head: dict[str, Any], size: int, inbound: Readable, path: Path | None) -> Reply:
    """Return the reply in a RESULT frame, its body read to memory or to ``path``."""
    result = head.get("result")
    if result is not None and not isinstance(result, dict):
        raise protocol.Broken("a result that is none")
    if _lies_deeper(result, DEEPEST):
        raise protocol.Broken(f"a result that lies more than {DEEPEST} deep in itself")
    body = b""
    if size and path is not None:
        head = _stored(head, size, inbound, path)
    elif size > MAX_IN_MEMORY:
        raise protocol.Broken(f"a body of {size} bytes that nobody asked for")
    elif size:
        body = protocol.read_exactly(inbound, size)
    if "unknown" in head:
        return Reply(error=Lost(f"contact was lost while this was under way: {head['unknown']}"))
    return Reply(
        result=head.get("result"),
        dropped=bool(head.get("dropped")),
        body=body,
        started=float(head.get("started", 0.0)),
        seconds=float(head.get("seconds", 0.0)),
    )


def _lies_deeper(value: object, levels: int) -> bool:
    """Tell whether lists and mappings lie deeper in each other than everything that looks at results can follow."""
    layer = [value]
    for _ in range(levels):
        inner = (each.values() if isinstance(each, dict) else each for each in layer if isinstance(each, (dict, list)))
        layer = [part for parts in inner for part in parts if isinstance(part, (dict, list))]
        if not layer:
            return False
    return True


def _stored(head: dict[str, Any], size: int, inbound: Readable, path: Path) -> dict[str, Any]:
    """Write the body to ``path``; when that cannot be done, read it away and return a failed result instead."""
    left = size
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                while left:
                    part = protocol.read_exactly(inbound, min(left, protocol.CHUNK))
                    left -= len(part)
                    stream.write(part)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        while left:
            left -= len(protocol.read_exactly(inbound, min(left, protocol.CHUNK)))
        message = f"{path} cannot be written on the controller: {error.strerror or error}"
        return {**head, "result": {"failed": True, "changed": False, "msg": message}}
    return head
