"""Remembers what the helper program said, in the user's cache folder, until something it looked at changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.diagnostics.home import expanded

FORMAT = 1


class Cache:
    """Answers by question. An answer holds ``looked``: paths and when they changed; if one did since, it is forgotten.

    The folder may be missing or read-only: then nothing is remembered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: Sequence[object]) -> dict[str, Any] | None:
        """Return the answer to a question, None where there is none that still holds."""
        try:
            answer = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(answer, dict) or answer.get("key") != list(map(str, key)):
            return None
        return answer if all(_changed(path) == at for path, at in answer["looked"].items()) else None

    def put(self, key: Sequence[object], answer: Mapping[str, object]) -> None:
        """Remember an answer."""
        path = self._path(key)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps({**answer, "key": list(map(str, key))}), encoding="utf-8")
            beside.replace(path)
        except OSError:
            return  # asking again is only slower

    def _path(self, key: Sequence[object]) -> Path:
        text = json.dumps([FORMAT, *map(str, key)])
        return self.folder / hashlib.sha256(text.encode()).hexdigest()[:32]


def _changed(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def folder(environ: Mapping[str, str]) -> Path:
    """Return where answers are kept."""
    given = environ.get("XDG_CACHE_HOME")
    base = Path(given) if given else expanded(environ.get("HOME") or "~") / ".cache"
    return base / "provisioner" / "bridge"
