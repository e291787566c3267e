"""Locks between processes: one at a time changes a lab, an image, or the choice of a network."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .commands import LabError


@contextmanager
def held(path: Path, timeout_s: float = 600) -> Iterator[int]:
    """Hold the lock file ``path`` and give its descriptor.

    The kernel frees it when we die, so a stale one cannot exist; a child that was given the descriptor holds it on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout_s
    while (descriptor := _taken(path)) is None:
        if time.monotonic() > deadline:
            raise LabError(f"another process has held {path} for {timeout_s:g} s; end it or wait for it")
        time.sleep(0.05)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # its last holder may have removed the file: then the lock must be taken on the new one
        if path.exists() and os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
