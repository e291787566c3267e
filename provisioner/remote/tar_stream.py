"""A directory that comes as a stream of tar from a host that has nothing better: only what differs is written here.

The stream is everything, each time. Names that lead out of the directory are refused, also by way of a link. Content
goes into a temporary file that is renamed when it is whole, so that a stream that breaks leaves no half a file.
"""

import hashlib
import os
import stat as modes
import tarfile
import time
from decimal import Decimal
from typing import IO, Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from .change import Failed

CHUNK = 256 * 1024
XATTR = "SCHILY.xattr."
KEPT_NAMES = 100


class Wanted(NamedTuple):
    """How to take the stream."""

    top: bytes
    left_out: Callable[[bytes, bool], bool]
    delete: bool
    compare: bool


class Slowly:
    """A stream that gives no more than so many bytes a second, and counts them."""

    def __init__(self, stream: IO[bytes], throttle: int) -> None:
        self.stream, self.throttle = stream, throttle
        self.count = 0
        self.began = time.monotonic()

    def read(self, size: int) -> bytes:
        """Read, and wait where that was too fast."""
        data = self.stream.read(size)
        self.count += len(data)
        if self.throttle:
            ahead = self.count / self.throttle - (time.monotonic() - self.began)
            if ahead > 0:
                time.sleep(min(ahead, 5.0))
        return data


class Taking:
    """Takes one stream. Afterwards ``names`` are the first that differed, ``changes`` how many did."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.changes = self.deleted = self.files = self.total_files = self.total_bytes = 0
        self.names: List[str] = []
        self.seen: Set[bytes] = set()
        self.folders: List[Tuple[bytes, Any]] = []

    def take(self, stream: Any) -> None:
        """Read the stream to its end; tarfile.TarError or EOFError where it breaks off."""
        with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape", encoding="utf-8") as archive:
            for member in archive:
                self._member(archive, member)
        if b"" not in self.seen:
            raise tarfile.ReadError("it holds no directory")
        if self.wanted.delete:
            self._remove_others(self.wanted.top, b"")
        if not self.wanted.compare:
            for path, member in reversed(self.folders):
                _settle(path, member)

    def _member(self, archive: Any, member: Any) -> None:
        relative = _relative(member.name)
        if relative and self._is_out(relative, member.isdir()):
            return
        self.seen.add(relative)
        path = self.wanted.top + b"/" + relative if relative else self.wanted.top
        self._check_parent(path, relative)
        if member.isfile():
            self.total_files += 1
            self.total_bytes += member.size
        if member.isdir():
            self._folder(path, relative, member)
        elif member.issym():
            self._link(path, relative, member)
        elif member.islnk():
            self._second_name(path, relative, member)
        elif member.isfile():
            self._file(archive, path, relative, member)
        else:
            self.seen.discard(relative)  # devices and pipes are left out

    def _is_out(self, relative: bytes, is_directory: bool) -> bool:
        parts = relative.split(b"/")
        above = (b"/".join(parts[:end]) for end in range(1, len(parts)))
        return any(self.wanted.left_out(each, True) for each in above) or self.wanted.left_out(relative, is_directory)

    def _check_parent(self, path: bytes, relative: bytes) -> None:
        if relative and b"/" in relative and not self.wanted.compare:
            status = _status(os.path.dirname(path))
            if status is None or not modes.S_ISDIR(status.st_mode):
                raise Failed("the other host sent %r, whose directory is none here" % os.fsdecode(relative))

    def _note(self, relative: bytes) -> bool:
        """Note a difference; return whether it is to be mended."""
        self.changes += 1
        if len(self.names) < KEPT_NAMES:
            self.names.append(os.fsdecode(relative) or ".")
        return not self.wanted.compare

    def _folder(self, path: bytes, relative: bytes, member: Any) -> None:
        status = _status(path)
        is_there = status is not None and modes.S_ISDIR(status.st_mode)
        self.folders.append((path, member))
        if (not is_there or not _alike(path, status, member)) and self._note(relative) and not is_there:
            _clear(path, status)
            os.makedirs(path, 0o700)

    def _link(self, path: bytes, relative: bytes, member: Any) -> None:
        status = _status(path)
        target = os.fsencode(member.linkname)
        is_same = status is not None and modes.S_ISLNK(status.st_mode) and os.readlink(path) == target
        owned = status is not None and (status.st_uid, status.st_gid) == (member.uid, member.gid)
        if not (is_same and owned) and self._note(relative):
            _clear(path, status)
            os.symlink(target, path)
            _settle(path, member)

    def _second_name(self, path: bytes, relative: bytes, member: Any) -> None:
        self.total_files += 1
        first = self.wanted.top + b"/" + _relative(member.linkname)
        status, other = _status(path), _status(first)
        if other is None and not self.wanted.compare:
            raise Failed("the other host sent %r as a second name of nothing" % os.fsdecode(relative))
        is_same = status is not None and other is not None and status.st_ino == other.st_ino
        if not is_same and self._note(relative):
            _clear(path, status)
            os.link(first, path, follow_symlinks=False)

    def _file(self, archive: Any, path: bytes, relative: bytes, member: Any) -> None:
        status = _status(path)
        is_same = status is not None and modes.S_ISREG(status.st_mode) and status.st_size == member.size
        is_same = is_same and _alike(path, status, member)
        if self.wanted.compare:
            if not is_same or _digest(archive.extractfile(member)) != _digest_of(path):
                self._note(relative)
        elif not is_same:
            self._note(relative)
            self._write(archive.extractfile(member), path, status, member)

    def _write(self, content: IO[bytes], path: bytes, status: Any, member: Any) -> None:
        beside = os.path.dirname(path) + b"/.prov-%d" % os.getpid()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as stream:
                for part in iter(lambda: content.read(CHUNK), b""):
                    if part.strip(b"\0"):
                        stream.write(part)
                    else:
                        stream.seek(len(part), os.SEEK_CUR)  # holes stay holes
                stream.truncate(member.size)
            _settle(beside, member)
            if status is not None and modes.S_ISDIR(status.st_mode):
                _clear(path, status)
            os.rename(beside, path)
        finally:
            if os.path.lexists(beside):
                os.unlink(beside)
        self.files += 1

    def _remove_others(self, folder: bytes, below: bytes) -> None:
        with os.scandir(folder) as entries:
            found = list(entries)
        for entry in found:
            relative = below + entry.name
            is_directory = entry.is_dir(follow_symlinks=False)
            if self._is_out(relative, is_directory):
                continue
            if is_directory:
                self._remove_others(folder + b"/" + entry.name, relative + b"/")
            if relative not in self.seen:
                self.deleted += 1
                if self._note(relative):
                    os.rmdir(entry.path) if is_directory else os.unlink(entry.path)


def _relative(name: str) -> bytes:
    parts = [part for part in os.fsencode(name).split(b"/") if part not in (b"", b".")]
    if b".." in parts or name.startswith("/"):
        raise Failed("the other host sent %r, which leads out of the directory" % name)
    return b"/".join(parts)


def _status(path: bytes) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _alike(path: bytes, status: Any, member: Any) -> bool:
    owner = (status.st_uid, status.st_gid, modes.S_IMODE(status.st_mode))
    return (
        owner == (member.uid, member.gid, member.mode & 0o7777)
        and int(status.st_mtime) == int(member.mtime)
        and all(_attribute(path, name) == value for name, value in _attributes(member).items())
    )


def _attributes(member: Any) -> Dict[str, bytes]:
    headers = member.pax_headers.items()
    found = {name[len(XATTR) :]: value for name, value in headers if name.startswith(XATTR)}
    return {
        name: value.encode("utf-8", "surrogateescape")
        for name, value in found.items()
        if name.startswith(("user.", "trusted.", "security.capability", "system.posix_acl_"))
    }


def _attribute(path: bytes, name: str) -> Optional[bytes]:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None


def _settle(path: bytes, member: Any) -> None:
    """Give it owner, mode, attributes and, at last, its time."""
    os.chown(path, member.uid, member.gid, follow_symlinks=False)
    if not member.issym():
        os.chmod(path, member.mode & 0o7777)
    for name, value in _attributes(member).items():
        os.setxattr(path, name, value, follow_symlinks=False)
    when = _nanoseconds(member)
    os.utime(path, ns=(when, when), follow_symlinks=False)


def _nanoseconds(member: Any) -> int:
    """The member's time of change, exact: a float keeps only some of today's nanoseconds."""
    said = member.pax_headers.get("mtime", member.mtime)
    try:
        return int(Decimal(said) * 10**9)
    except (ArithmeticError, ValueError):
        raise Failed("the other host sent %r, which is no time" % said) from None


def _clear(path: bytes, status: Any) -> None:
    if status is None:
        return
    if modes.S_ISDIR(status.st_mode):
        for entry in os.listdir(path):
            inner = path + b"/" + entry
            _clear(inner, os.lstat(inner))
        os.rmdir(path)
    else:
        os.unlink(path)


def _digest(content: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in iter(lambda: content.read(CHUNK), b""):
        digest.update(part)
    return digest.digest()


def _digest_of(path: bytes) -> bytes:
    with open(path, "rb") as stream:
        return _digest(stream)
