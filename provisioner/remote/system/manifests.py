"""A list of all that is in some directory trees, with a digest: the same on two hosts where the trees are the same.

A record is ``kind mode uid gid size mtime xattrs content link path``. Kinds are ``f`` file, ``d`` directory, ``l``
link, ``p`` pipe, ``s`` socket, ``b`` and ``c`` devices. ``path`` begins with the tree's number and is the last field,
as a name may hold anything but a zero byte; ``link`` tells the first name of the same file where it has several. A kept
record has ``ctime inode`` before it: what has both as before is as before, so neither attributes nor content are read
again. Records come in an order that does not depend on the host.
"""

import hashlib
import os
import stat as modes
import time
import zlib
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

CHUNK = 1024 * 1024
NANO = 1000000000
SETTLED_NS = NANO // 10
SETTLED_COARSE_NS = 2 * NANO
"""A time stamp younger than this may be that of two changes; the first where the file system counts finely."""
ATTRIBUTES = (b"user.", b"trusted.", b"security.capability", b"system.posix_acl_")
NOT_ATTRIBUTES = (b"trusted.overlay.", b"user.rsync.")
KINDS = {
    modes.S_IFREG: b"f",
    modes.S_IFDIR: b"d",
    modes.S_IFLNK: b"l",
    modes.S_IFIFO: b"p",
    modes.S_IFSOCK: b"s",
    modes.S_IFBLK: b"b",
    modes.S_IFCHR: b"c",
}
SPECIAL = frozenset([b"p", b"s", b"b", b"c"])


class Reading(NamedTuple):
    """What to read of the trees.

    ``content``: ``all`` files, those ``changed`` since the kept list was made, or ``none``; ``percent`` of the files,
    chosen by their names, so that two hosts choose the same. ``left_out(path, is_directory)`` tells what is left out.
    """

    left_out: Callable[[bytes, bool], bool]
    content: str = "changed"
    percent: int = 100
    special: bool = False
    one_file_system: bool = False
    attributes: bool = True
    times: str = "nanoseconds"


class Found:
    """What was found: the records as they are kept, the digest of what is the same on two hosts, and counts."""

    def __init__(self) -> None:
        self.records: List[bytes] = []
        self.counts: Dict[str, int] = dict.fromkeys(("files", "directories", "links", "special", "bytes"), 0)
        self.read = self.left_special = self.unsettled = 0
        self.vanished: List[bytes] = []
        self.digest = hashlib.sha256()


class Kept:
    """The records of an earlier list, asked for in the order of the walk."""

    def __init__(self, path: Optional[str]) -> None:
        self._rest = _records_of(path) if path else iter(())
        self._key = b""
        self._fields: List[bytes] = []
        self._next()

    def find(self, path: bytes) -> Optional[List[bytes]]:
        """Return the fields kept for ``path``: ctime, inode, and those of a record."""
        key = path.replace(b"/", b"\0")
        while self._fields and self._key < key:
            self._next()
        return self._fields if self._fields and self._key == key else None

    def _next(self) -> None:
        for record in self._rest:
            fields = record.split(b" ", 11)
            if len(fields) == 12:
                self._fields, self._key = fields, fields[11].replace(b"/", b"\0")
                return
        self._fields = []


def _records_of(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as stream:
            rest = b""
            for part in iter(lambda: stream.read(CHUNK), b""):
                pieces = (rest + part).split(b"\0")
                rest = pieces.pop()
                for piece in pieces:
                    yield piece
    except OSError:
        return  # no list yet: everything is read


def load(path: str) -> Iterator[Tuple[bytes, bytes]]:
    """Yield (path, record without ctime and inode) of a kept list."""
    for record in _records_of(path):
        fields = record.split(b" ", 11)
        if len(fields) == 12:
            yield fields[11], record.split(b" ", 2)[2]


def save(path: str, records: List[bytes]) -> None:
    """Keep the list; one that is lost or torn costs only reading again."""
    beside = "%s.%d.new" % (path, os.getpid())
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as stream:
            for record in records:
                stream.write(record + b"\0")
        os.rename(beside, path)
    finally:
        if os.path.lexists(beside):
            os.unlink(beside)


def survey(tops: List[bytes], reading: Reading, kept: Kept) -> Found:
    """Return what is in the trees; OSError where one of them cannot be read."""
    found = Found()
    for number, top in enumerate(tops):
        _Survey(top, b"%04d" % number, reading, kept, found).run()
    return found


class _Survey:
    """One tree's walk; hot: some millions of entries have to pass."""

    def __init__(self, top: bytes, number: bytes, reading: Reading, kept: Kept, found: Found) -> None:
        self.top, self.number, self.reading, self.kept, self.found = top, number, reading, kept, found
        self.first_names: Dict[Tuple[int, int], bytes] = {}
        self.now = time.time_ns() if hasattr(time, "time_ns") else int(time.time() * NANO)

    def run(self) -> None:
        status = os.lstat(self.top)
        if not modes.S_ISDIR(status.st_mode):
            raise NotADirectoryError(20, "not a directory", os.fsdecode(self.top))
        self._take(self.top, b"", status)
        left_out, device = self.reading.left_out, status.st_dev
        stack = [(self.top, b"", iter(self._names(self.top)))]
        while stack:
            folder, below, names = stack[-1]
            entry = next(names, None)
            if entry is None:
                stack.pop()
                continue
            path, relative = folder + b"/" + entry.name, below + entry.name
            try:
                status = entry.stat(follow_symlinks=False)
                is_directory = modes.S_ISDIR(status.st_mode)
                if left_out(relative, is_directory) or not self._take(path, relative, status):
                    continue
                if is_directory and not (self.reading.one_file_system and status.st_dev != device):
                    stack.append((path, relative + b"/", iter(self._names(path))))
            except FileNotFoundError:
                self.found.vanished.append(relative)

    @staticmethod
    def _names(folder: bytes) -> List[Any]:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)

    def _take(self, path: bytes, relative: bytes, status: os.stat_result) -> bool:
        kind = KINDS.get(modes.S_IFMT(status.st_mode), b"?")
        found = self.found
        if kind in SPECIAL and not self.reading.special:
            found.left_special += 1
            return False
        name = self.number + b"/" + relative if relative else self.number
        size = status.st_size if kind == b"f" else status.st_rdev if kind in SPECIAL else 0
        stamps = b"%d %d" % (status.st_ctime_ns, status.st_ino)
        kept = self.kept.find(name)
        if kept is not None and (kept[0] != b"%d" % status.st_ctime_ns or kept[1] != b"%d" % status.st_ino):
            kept = None
        attributes, content = self._inside(path, relative, kind, kept)
        if not self._is_settled(status.st_ctime_ns):
            found.unsettled += 1
            stamps = b"0 0"
        record = b"%s %o %d %d %d %s %s %s %s %s" % (
            kind,
            modes.S_IMODE(status.st_mode),
            status.st_uid,
            status.st_gid,
            size,
            self._time(status.st_mtime_ns),
            attributes,
            content,
            self._first_name(name, status) if status.st_nlink > 1 and kind != b"d" else b"-",
            name,
        )
        found.digest.update(record + b"\0")
        found.records.append(stamps + b" " + record)
        self._count(kind, size)
        return True

    def _is_settled(self, ctime: int) -> bool:
        return self.now - ctime > (SETTLED_NS if ctime % NANO else SETTLED_COARSE_NS)

    def _time(self, mtime: int) -> bytes:
        if self.reading.times == "ignored":
            return b"-"
        return b"%d" % (mtime if self.reading.times == "nanoseconds" else mtime // NANO)

    def _first_name(self, name: bytes, status: os.stat_result) -> bytes:
        first = self.first_names.setdefault((status.st_dev, status.st_ino), name)
        return b"-" if first == name else hashlib.sha256(first).hexdigest()[:16].encode()

    def _count(self, kind: bytes, size: int) -> None:
        counts = self.found.counts
        if kind == b"f":
            counts["files"] += 1
            counts["bytes"] += size
        else:
            counts["directories" if kind == b"d" else "links" if kind == b"l" else "special"] += 1

    def _inside(self, path: bytes, relative: bytes, kind: bytes, kept: Optional[List[bytes]]) -> Tuple[bytes, bytes]:
        """Return the digests of the attributes and of the content, or target of a link."""
        if not self.reading.attributes:
            attributes = b"-"
        else:
            attributes = kept[8] if kept is not None and kept[8] != b"-" else attributes_of(path)
        if kind == b"l":
            return attributes, hashlib.sha256(os.readlink(path)).hexdigest().encode()
        if kind != b"f" or self.reading.content == "none" or not self._is_chosen(relative):
            return attributes, b"-"
        if kept is not None and self.reading.content == "changed" and len(kept[9]) == 64:
            return attributes, kept[9]
        self.found.read += 1
        return attributes, content_of(path)

    def _is_chosen(self, relative: bytes) -> bool:
        return self.reading.percent >= 100 or zlib.crc32(relative) % 100 < self.reading.percent


def attributes_of(path: bytes) -> bytes:
    """Return a digest of the extended attributes and access lists that are moved with a file."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return b"0"  # the file system has none
    told = [os.fsencode(name) for name in names]
    wanted = sorted(n for n in told if n.startswith(ATTRIBUTES) and not n.startswith(NOT_ATTRIBUTES))
    if not wanted:
        return b"0"
    digest = hashlib.sha256()
    for name in wanted:
        value = os.getxattr(path, name, follow_symlinks=False)
        digest.update(b"%s=%d:" % (name, len(value)))
        digest.update(value)
    return digest.hexdigest()[:16].encode()


def content_of(path: bytes) -> bytes:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        while True:
            part = os.read(descriptor, CHUNK)
            if not part:
                return digest.hexdigest().encode()
            digest.update(part)
    finally:
        os.close(descriptor)
