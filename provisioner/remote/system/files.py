"""Files on the host: reading, atomic writing with the final mode from the start, attributes, removal."""

import errno
import hashlib
import os
import shutil
import stat as modes
import tempfile
import time
from typing import IO, Any, Dict, Iterator, List, Optional, Tuple

from ..change import Failed
from .handles import Handle

CHUNK = 1024 * 1024


def trimmed(path: str) -> str:
    """Return a path without slashes at its end; ``/`` stays, and so does an empty path, which is no place at all."""
    return path.rstrip("/") or path[:1]


class Files:
    """File access below ``root``; paths are the host's own, absolute ones."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self._was_link: Dict[str, bool] = {}

    def look(self, path: str) -> None:
        """Remember whether a link is there now: one that comes later, not from us, is not followed."""
        self._was_link.setdefault(trimmed(path), self.is_link(path))

    def hold(self, path: str, follow: bool) -> Handle:
        """Return a handle to ``path``, with ``follow`` to what a link there leads to, unless that was none before."""
        if not follow or self._was_link.get(trimmed(path)) is not False:
            return Handle(self.real(path), follow)
        handle = Handle(self.real(trimmed(path)), False)
        if handle.is_link:
            with handle:
                raise Failed("%s has become a symbolic link meanwhile, which is not followed" % path)
        return handle

    def real(self, path: str) -> str:
        """Return where ``path`` really lies (differs from ``path`` only in tests)."""
        if self.root == "/" or not path:
            return path
        return os.path.join(self.root, path.lstrip("/"))

    def stat(self, path: str, follow: bool = False) -> Optional[os.stat_result]:
        """Return the status of ``path`` itself (or of what it points to), or None where nothing is there."""
        try:
            return os.stat(self.real(path)) if follow else os.lstat(self.real(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None  # links that point at each other point at nothing
            raise

    def exists(self, path: str) -> bool:
        """Tell whether something is there; a dangling link counts."""
        return os.path.lexists(self.real(path))

    def is_dir(self, path: str) -> bool:
        """Tell whether it is a directory, or a link to one."""
        return os.path.isdir(self.real(path))

    def is_file(self, path: str) -> bool:
        """Tell whether it is a regular file, or a link to one."""
        return os.path.isfile(self.real(path))

    def is_link(self, path: str) -> bool:
        """Tell whether it is a symbolic link."""
        return os.path.islink(self.real(path))

    def read(self, path: str) -> bytes:
        """Return the whole content."""
        with open(self.real(path), "rb") as stream:
            return stream.read()

    def read_or_none(self, path: str) -> Optional[bytes]:
        """Return the whole content, or None where no file is there."""
        try:
            return self.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, path: str) -> IO[bytes]:
        """Open for reading."""
        return open(self.real(path), "rb")

    def size(self, path: str) -> int:
        """Return the size of a file or of what a link points to."""
        return os.stat(self.real(path)).st_size

    def size_of(self, stream: IO[bytes]) -> int:
        """Return the size of an open file."""
        return os.fstat(stream.fileno()).st_size

    def head(self, path: str, size: int) -> bytes:
        """Return the first ``size`` bytes."""
        with self.open(path) as stream:
            return stream.read(size)

    def listdir(self, path: str) -> List[str]:
        """Return the names in a directory, sorted."""
        return sorted(os.listdir(self.real(path)))

    def readlink(self, path: str) -> str:
        """Return what a symbolic link says."""
        return os.readlink(self.real(path))

    def walk(self, path: str) -> Iterator[Tuple[str, List[str], List[str]]]:
        """Yield (directory, directory names, file names) from the top down, paths as the host sees them."""
        real = self.real(path)
        for folder, directories, names in os.walk(real):
            directories.sort()
            yield path + folder[len(real) :], directories, sorted(names)

    def checksum(self, path: str, algorithm: str = "sha1") -> str:
        """Return the content's hash in hexadecimal."""
        digest = hashlib.new(algorithm)
        with open(self.real(path), "rb") as stream:
            for part in iter(lambda: stream.read(CHUNK), b""):
                digest.update(part)
        return digest.hexdigest()

    def write(self, path: str, data: bytes, *, mode: Optional[int] = None, unsafe: bool = False) -> None:
        """Replace the content atomically; owner and mode of an existing file are kept unless ``mode`` is given."""
        with self.replacing(path, mode=mode, unsafe=unsafe) as stream:
            stream.write(data)

    def replacing(
        self,
        path: str,
        *,
        mode: Optional[int] = None,
        unsafe: bool = False,
        owner: Tuple[int, int] = (-1, -1),
        follow: bool = True,
    ) -> "Replacement":
        """Return a context that yields a stream; at its clean end the new content replaces the old in one step.

        ``owner`` is (uid, gid), -1 for that of the file replaced. Without ``follow`` a link is replaced itself.
        """
        if not path:
            raise Failed("an empty path is no place to write to")
        real, here = self.real(path), trimmed(path)
        if not follow:
            self._was_link[here] = False
        elif self._was_link.get(here) is not False:
            real = os.path.realpath(real)
        return Replacement(real, mode, unsafe, owner)

    def backup(self, path: str) -> str:
        """Copy a file beside itself, attributes and all, under a name with the time in it; return that name."""
        name = "%s.%d.%s~" % (path, os.getpid(), time.strftime("%Y-%m-%d@%H:%M:%S"))
        real, copy = self.real(path), self.real(name)
        status = os.stat(real)
        descriptor, temporary = tempfile.mkstemp(prefix=".prov-", dir=os.path.dirname(copy))
        try:
            with os.fdopen(descriptor, "wb") as stream, open(real, "rb") as source:
                shutil.copyfileobj(source, stream)
                stream.flush()
                os.fsync(stream.fileno())
                try:
                    os.fchown(descriptor, status.st_uid, status.st_gid)
                except PermissionError:
                    pass  # not root: a backup of another's file is ours
                shutil.copystat(real, descriptor)  # type: ignore[arg-type]  # any of its calls takes a descriptor
            os.rename(temporary, copy)
        except BaseException:
            os.unlink(temporary)
            raise
        return name

    def resolve(self, path: str) -> str:
        """Return the path without symbolic links, as the host sees it."""
        if self.root == "/":
            return os.path.realpath(path)
        root = os.path.realpath(self.root)
        real = os.path.realpath(self.real(path))
        return real[len(root) :] or "/" if real.startswith(root + "/") else real

    def makedirs(self, path: str, mode: int = 0o777) -> List[str]:
        """Make a directory and its missing parents; return those made, outermost first."""
        missing: List[str] = []
        here = os.path.normpath(path)
        while here not in ("", "/") and not self.is_dir(here):
            missing.append(here)
            here = os.path.dirname(here)
        for each in reversed(missing):
            os.mkdir(self.real(each), mode)
        return missing[::-1]

    def symlink(self, target: str, path: str) -> None:
        """Make or replace a symbolic link atomically."""
        real = self.real(path)
        temporary = tempfile.mktemp(prefix=".prov-", dir=os.path.dirname(real))  # noqa: S306 - name only, symlink() is exclusive
        os.symlink(target, temporary)
        os.rename(temporary, real)
        self._was_link[trimmed(path)] = True

    def hard_link(self, source: str, path: str) -> None:
        """Make or replace a second name for a file atomically."""
        real = self.real(path)
        temporary = tempfile.mktemp(prefix=".prov-", dir=os.path.dirname(real))  # noqa: S306 - name only, link() is exclusive
        os.link(os.path.realpath(self.real(source)), temporary)
        os.rename(temporary, real)

    def remove(self, path: str) -> None:
        """Remove a file, link, or directory tree; nothing there is fine. The root of the host is not removed."""
        real = self.real(path)
        if os.path.isdir(real) and not os.path.islink(real):
            if os.path.realpath(real) == os.path.realpath(self.root):
                raise Failed("%s is the root of the host, which is not removed" % path)
            shutil.rmtree(real)
        elif os.path.lexists(real):
            os.unlink(real)

    def chmod(self, path: str, mode: int) -> None:
        """Set the permissions of what ``path`` points to."""
        os.chmod(self.real(path), mode)

    def chown(self, path: str, uid: int, gid: int, follow: bool = False) -> None:
        """Set owner and group; -1 leaves one as it is."""
        os.chown(self.real(path), uid, gid, follow_symlinks=follow)


class Replacement:
    """A temporary file beside the target that takes its place at a clean exit, and disappears at any other.

    It is created with mode 0600 and gets its final owner and mode before the rename, so the content is never
    readable by more users than in the end.
    """

    def __init__(self, real: str, mode: Optional[int], unsafe: bool, owner: Tuple[int, int] = (-1, -1)) -> None:
        self.real, self.mode, self.unsafe, self.owner = real, mode, unsafe, owner
        self.temporary = ""
        self.stream: Optional[IO[bytes]] = None

    def __enter__(self) -> IO[bytes]:
        try:
            descriptor, self.temporary = tempfile.mkstemp(prefix=".prov-", dir=os.path.dirname(self.real))
        except OSError:
            if not self.unsafe or not os.path.isfile(self.real):
                raise
            descriptor, self.temporary = tempfile.mkstemp(prefix="prov-")  # nothing can be made beside the file
        self.stream = os.fdopen(descriptor, "wb")
        return self.stream

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if self.stream is None:
            return
        try:
            if kind is None:
                self.stream.flush()
                os.fsync(self.stream.fileno())
                self._settle()
        finally:
            if os.path.lexists(self.temporary):
                os.unlink(self.temporary)
            self.stream.close()  # last: where the disk is full it fails once more

    def _settle(self) -> None:
        """Set owner and mode by the descriptor: who may write to the folder may put a link in the name's place."""
        handle = self.stream.fileno() if self.stream is not None else -1
        old = _file_at(self.real)
        mode = self.mode
        if old is not None:
            try:
                os.fchown(handle, old.st_uid, old.st_gid)
            except PermissionError:
                pass  # not root: the file becomes ours, as any atomic replacement by a plain user does
            mode = modes.S_IMODE(old.st_mode) if mode is None else mode
            _keep_attributes(self.real, handle)
        if self.owner != (-1, -1):
            os.fchown(handle, *self.owner)
        os.fchmod(handle, (0o666 & ~_umask()) if mode is None else mode)
        try:
            os.rename(self.temporary, self.real)
        except OSError:
            if not self.unsafe:
                raise
            shutil.copyfile(self.temporary, self.real)
            os.chmod(self.real, modes.S_IMODE(os.stat(self.temporary).st_mode))


KEPT_ATTRIBUTES = ("system.posix_acl_access", "security.selinux")


def _file_at(real: str) -> Optional[os.stat_result]:
    try:
        found = os.lstat(real)
    except OSError:
        return None
    return found if modes.S_ISREG(found.st_mode) else None


def _keep_attributes(old: str, new: int) -> None:
    """Give a replacement the access list and the SELinux context of what it replaces, where there are such things."""
    for name in KEPT_ATTRIBUTES:
        try:
            os.setxattr(new, name, os.getxattr(old, name))
        except OSError:
            pass  # none there, or this file system has none, or only root may


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
