"""What operations say while they run, kept on the host until the run ends: contact may break before it is heard.

One file beside the run's record. Lines are JSON: ``[key, stream, text]``. Only long work says something while it runs
(see ``forward`` in running.py), and what is secret is not kept.
"""

import json
import os
from typing import Dict, List, Tuple

ENDING = ".said"
KEPT = 4 * 1024 * 1024
"""How much is kept of one operation; what it says after that is only heard by whoever is there."""


class Spool:
    """The file; written by the worker that runs an operation, read by the next one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1
        self._sizes: Dict[str, int] = {}

    def keep(self, key: str, stream: str, text: str) -> None:
        """Note what an operation says; where there is no room it is not kept."""
        size = self._sizes[key] = self._sizes.get(key, 0) + len(text)
        if size > KEPT:
            return
        line = json.dumps([key, stream, text], separators=(",", ":")) + "\n"
        try:
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
                self._descriptor = os.open(self.path, flags, 0o600)
            os.write(self._descriptor, line.encode("utf-8"))
        except OSError:
            self._sizes[key] = KEPT  # nothing behind a gap

    def remove(self) -> None:
        """Forget everything."""
        try:
            os.unlink(self.path)
        except OSError:
            return


class Listening:
    """Follows what one operation says, from a place on."""

    def __init__(self, path: str, key: str, skip: int) -> None:
        self._path, self._key, self._skip = path, key, skip
        self._offset, self._rest = 0, b""

    def more(self) -> List[Tuple[str, str]]:
        """Return stream and text of what was said since the last time."""
        try:
            with open(self._path, "rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except OSError:
            return []
        self._offset += len(data)
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        found = [each for line in lines for each in self._taken(line)]
        skipped, self._skip = found[self._skip :], max(0, self._skip - len(found))
        return skipped

    def _taken(self, line: bytes) -> List[Tuple[str, str]]:
        try:
            key, stream, text = json.loads(line.decode("utf-8"))
        except ValueError:
            return []  # torn by a crash
        return [(stream, text)] if key == self._key else []
