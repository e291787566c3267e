"""Reading archives whose members are not trusted: tar in its compressions, and zip, as one kind of list."""

import lzma
import os
import stat as modes
import tarfile
import time
import zipfile
import zlib
from typing import IO, Any, List, NamedTuple, Optional

from ..change import Failed
from .trees import relative

TAR_MODES = {"gz": "r:gz", "bz2": "r:bz2", "xz": "r:xz", "": "r:"}
MAGIC = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)


BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, lzma.LZMAError, zlib.error)


class Member(NamedTuple):
    """One member: ``kind`` is file, dir, link or hard (``target`` is another member's name then)."""

    name: str
    kind: str
    mode: int
    size: int
    mtime: float
    uid: Optional[int]
    gid: Optional[int]
    user: str
    group: str
    target: str
    raw: Any


class Archive:
    """An archive opened for reading; close it. ``name`` is for messages."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name = stream, name
        self.kind = kind_of(stream)
        self.handler = "ZipArchive" if self.kind == "zip" else "TarArchive" if self.kind == "" else "TgzArchive"
        try:
            self.opened: Any = self._open()
        except BROKEN as error:
            stream.close()
            raise Failed('Failed to find handler for "%s": it is no tar or zip archive: %s' % (name, error)) from error

    def _open(self) -> Any:
        if self.kind == "zip":
            return zipfile.ZipFile(self.stream)
        return tarfile.TarFile.open(fileobj=self.stream, mode=TAR_MODES[self.kind])  # type: ignore[call-overload]

    def close(self) -> None:
        """Close it."""
        self.opened.close()
        self.stream.close()

    def members(self) -> List[Member]:
        """Return all members; one that is no file, directory or link, or leads out, raises Failed."""
        try:
            if self.kind == "zip":
                return [_of_zip(self.opened, each) for each in self.opened.infolist()]
            return [_of_tar(each) for each in self.opened.getmembers()]
        except BROKEN as error:
            raise Failed("the archive %s is damaged: %s" % (self.name, error)) from error

    def open(self, member: Member) -> IO[bytes]:
        """Return a stream of a file's content."""
        stream = self.opened.open(member.raw) if self.kind == "zip" else self.opened.extractfile(member.raw)
        if stream is None:
            raise Failed("the member %s has no content" % member.name)
        result: IO[bytes] = stream
        return result


def kind_of(stream: IO[bytes]) -> str:
    """Return gz, bz2, xz, zst or zip by the first bytes, empty for none of these; the stream is at its start after."""
    start = stream.read(6)
    stream.seek(0)
    return next((kind for magic, kind in MAGIC if start.startswith(magic)), "")


def _of_tar(member: tarfile.TarInfo) -> Member:
    kind = ""
    for name, holds in (
        ("dir", member.isdir()),
        ("link", member.issym()),
        ("hard", member.islnk()),
        ("file", member.isreg()),
    ):
        kind = name if holds and not kind else kind
    if not kind:
        raise Failed("the member %s is a device or pipe; it is not unpacked" % member.name)
    return Member(
        relative(member.name),
        kind,
        member.mode & 0o7777,
        member.size,
        float(member.mtime),
        member.uid,
        member.gid,
        member.uname,
        member.gname,
        relative(member.linkname) if kind == "hard" else member.linkname,
        member,
    )


def _of_zip(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Member:
    full = member.external_attr >> 16
    is_dir = member.filename.endswith("/")
    kind = "dir" if is_dir else "link" if modes.S_ISLNK(full) else "file"
    mode = modes.S_IMODE(full) or (0o755 if is_dir else 0o644)
    target = archive.read(member).decode("utf-8", "surrogateescape") if kind == "link" else ""
    when = time.mktime((*member.date_time, 0, 0, -1))
    name = relative(member.filename)
    return Member(name, kind, mode, member.file_size, when, None, None, "", "", target, member)


def check_links(members: List[Member]) -> None:
    """Refuse links that lead out of the archive's tree, and members that would be written through a link."""
    links = {member.name for member in members if member.kind == "link"}
    for member in members:
        if member.kind == "link":
            landing = os.path.normpath(os.path.join(os.path.dirname(member.name), member.target))
            if member.target.startswith("/") or landing == ".." or landing.startswith("../"):
                raise Failed("the link %s -> %s leads out of the archive; it is not unpacked" % member[0:10:9])
        parts = member.name.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in links:
                raise Failed("the member %s would be written through a link; it is not unpacked" % member.name)
