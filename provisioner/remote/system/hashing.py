"""The two hashes that results of written files name."""

import hashlib
from typing import Any, NamedTuple, Optional


class Digests(NamedTuple):
    """Hashes in hexadecimal, and of how many bytes; ``md5`` is None where MD5 is switched off (FIPS)."""

    sha1: str
    md5: Optional[str]
    size: int


class Hashing:
    """Takes both as the content passes."""

    def __init__(self) -> None:
        self._sha1 = hashlib.sha1()  # noqa: S324 - the documented return value, not a safeguard
        self._md5: Any = None
        self._size = 0
        try:
            self._md5 = hashlib.md5()  # noqa: S324 - as above
        except ValueError:
            pass  # switched off

    def add(self, part: bytes) -> None:
        """Count the next part in."""
        self._size += len(part)
        self._sha1.update(part)
        if self._md5:
            self._md5.update(part)

    def digests(self) -> Digests:
        """Return the hashes of all that was added."""
        return Digests(self._sha1.hexdigest(), self._md5.hexdigest() if self._md5 else None, self._size)
