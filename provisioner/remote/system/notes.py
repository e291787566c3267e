"""Small files in which modules write down what they have to know later: whole, or not at all."""

import json
import os
from typing import Any, Dict


def read(path: str) -> str:
    """Return a small file's text, empty where there is none."""
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ""


def write(path: str, text: str, mode: int = 0o644) -> None:
    """Write a small file, whole or not at all; an empty text removes it."""
    if not text:
        if os.path.exists(path):
            os.unlink(path)
        return
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(handle)
    os.rename(path + ".new", path)


def write_note(path: str, told: Dict[str, Any]) -> None:
    """Write a note that only root may read."""
    write(path, json.dumps(told), 0o600)


def note(path: str) -> Dict[str, Any]:
    """Return what a note says."""
    try:
        told: Dict[str, Any] = json.loads(read(path) or "{}")
    except ValueError:
        return {}
    return told
