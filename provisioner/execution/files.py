"""Controller files that travel to hosts: read and hashed once a run, however many hosts get them."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from provisioner.diagnostics.position import Position, Source
from provisioner.records import dataclass
from provisioner.remote.params import BadParameters, Problem
from provisioner.syntax.vault import Vault, is_encrypted

SMALL = 64 * 1024
"""Content up to this many bytes is sent at once; larger content only where the host lacks it."""

HEADER = b"$ANSIBLE_VAULT;"
KEPT_FILES, KEPT_BYTES = 8192, 16 * 1024 * 1024
"""How many files are known at a time, and how much of their content is kept in memory."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One file as it will arrive: decrypted where it was encrypted. ``content`` is None where it is large."""

    path: Path
    size: int
    mode: str
    content: bytes | None
    sha1: str
    checksum: str = ""
    """The SHA-1 of the file's bytes as they are on the controller."""

    @property
    def body(self) -> bytes | Path:
        """The content itself, or the file to stream it from."""
        return self.path if self.content is None else self.content


class FileCache:
    """Belongs to a run; any thread may ask. A file that changes while the run lasts is read anew."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], tuple[tuple[int, int, int], KnownFile]] = {}
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._untold: dict[str, str] = {}
        self._size = 0

    def has(self, path: Path, *, decrypts: bool) -> bool:
        """Tell whether the file is known as it is now, so that asking for it costs nothing."""
        found = self._known.get((str(path), decrypts))
        return found is not None and found[0] == _stamp(path.stat())

    def file(self, path: Path, vault: Vault | None = None) -> KnownFile:
        """Return the file; with ``vault`` it is decrypted where it is encrypted. OSError where it cannot be read."""
        status = path.stat()
        key, stamp = (str(path), vault is not None), _stamp(status)
        found = self._known.get(key)
        if found is not None and found[0] == stamp:
            return found[1]
        known = _read(path, status, vault)
        with self._lock:
            self._remember(key, stamp, known)
            if str(path) not in self._told:
                self._told.add(str(path))
                self._untold[str(path)] = known.checksum
        return known

    def _remember(self, key: tuple[str, bool], stamp: tuple[int, int, int], known: KnownFile) -> None:
        self._forget(key)
        self._known[key] = (stamp, known)
        self._size += len(known.content or b"")
        while len(self._known) > KEPT_FILES or (self._size > KEPT_BYTES and len(self._known) > 1):
            self._forget(next(iter(self._known)))

    def _forget(self, key: tuple[str, bool]) -> None:
        old = self._known.pop(key, None)
        if old is not None:
            self._size -= len(old[1].content or b"")

    def fresh(self) -> dict[str, str]:
        """Return the files that were read since the last time, with their checksums."""
        if not self._untold:
            return {}
        with self._lock:
            found, self._untold = self._untold, {}
        return found


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path, status: os.stat_result, vault: Vault | None) -> KnownFile:
    mode = f"{status.st_mode & 0o7777:04o}"
    with path.open("rb") as stream:
        start = stream.read(SMALL + 1)
        if vault is not None and is_encrypted(start):
            if not vault.secrets:
                raise BadParameters([Problem("", f"A vault password or secret must be specified to decrypt {path}")])
            written = start + stream.read()
            content = decrypted(written, path, vault)
            return KnownFile(path, len(content), mode, content, sha1_of(content), sha1_of(written))
        if len(start) <= SMALL:
            digest = sha1_of(start)
            return KnownFile(path, len(start), mode, start, digest, digest)
        stream.seek(0)
        found = hashlib.file_digest(stream, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()
    return KnownFile(path, status.st_size, mode, None, found, found)


def decrypted(content: bytes, path: Path, vault: Vault) -> bytes:
    """Return the decrypted content of a vault file."""
    return vault.decrypt(content, Position(Source(str(path), secret=True), 1, 1))


def sha1_of(content: bytes) -> str:
    """Return the SHA-1 that results show; it is Ansible's, and guards against accidents only."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def md5_of(content: bytes) -> str:
    """Return the MD5 that results show."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of a tree: its path below the tree, and the manifest's words for it."""

    path: str
    words: dict[str, object]
    source: Path


def tree(source: Path, read: Callable[[Path], KnownFile], *, whole: bool, follows: bool) -> Iterator[Leaf]:
    """Yield a tree's entries, directories before what they hold. ``whole``: the top directory is part of it.

    ``follows`` takes what links point to in their place; one that leads to a directory around it stays a link.
    """
    name = source.name
    if whole:
        yield Leaf(name, {"path": name, "mode": _mode(source), "dir": True}, source)
    yield from _below(source, f"{name}/" if whole else "", read, follows, (source.resolve(),))


def _below(
    folder: Path, prefix: str, read: Callable[[Path], KnownFile], follows: bool, around: tuple[Path, ...]
) -> Iterator[Leaf]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda each: (_leads_to_folder(each), each.name))
    for entry in entries:
        name, path = prefix + entry.name, folder / entry.name
        if entry.is_symlink() and not (follows and path.exists()):
            yield Leaf(name, {"path": name, "mode": "0777", "link": str(path.readlink())}, path)
        elif entry.is_dir():
            if path.resolve() in around:
                yield Leaf(name, {"path": name, "mode": "0777", "link": str(path.readlink())}, path)
                continue
            yield Leaf(name, {"path": name, "mode": _mode(path), "dir": True}, path)
            yield from _below(path, name + "/", read, follows, (*around, path.resolve()))
        else:
            yield Leaf(
                name, {"path": name, "mode": f"{entry.stat().st_mode & 0o7777:04o}", "checksum": read(path).sha1}, path
            )


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:04o}"
