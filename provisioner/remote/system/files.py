"""Files on the host: reading, atomic writing with the final mode from the start, attributes, removal."""

import errno
import hashlib
import os
import shutil
import stat as modes
import tempfile
import time
from contextlib import contextmanager
from typing import IO, Any, Callable, Dict, Iterator, List, Optional, Tuple

from ..change import Failed
from .folders import Folders
from .handles import Handle, Place

CHUNK = 1024 * 1024


def trimmed(path: str) -> str:
    """Return a path without slashes at its end; ``/`` stays, and so does an empty path, which is no place at all."""
    return path.rstrip("/") or path[:1]


class Files:
    """File access below ``root``; paths are the host's own, absolute ones."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self._folders = Folders()
        self._led: Dict[str, str] = {}
        """Where each path led when it was looked at: itself, or what a link in its last place pointed to."""

    def look(self, path: str) -> None:
        """Begin to work on ``path``: its folder is held, and it is remembered whether a link is there and to where.

        What is read of it and done to it from now on is in that folder. A link that comes later, not from us, is
        not followed. Without this a path is read and changed in whatever folder it leads to just then.
        """
        real = self.real(trimmed(path))
        if not real or real in self._led:
            return
        folder, name = split(real)
        held = self._folders.look(folder)
        status = None if held is None else Place(held, real, name).status()
        self._led[real] = real
        if status is not None and modes.S_ISLNK(status.st_mode):
            self._led[real] = os.path.realpath(real)
            self._folders.look(split(self._led[real])[0])

    def look_into(self, path: str, status: Optional[os.stat_result]) -> None:
        """Begin to work on what is in the folder ``path``, whose status this is: no link in its place is followed."""
        if status is not None:
            self._folders.note(self.real(path), status)

    def let_go(self) -> None:
        """End the work on all that was looked at: what is held is in the way of unmounting."""
        self._folders = Folders()
        self._led.clear()

    def hold(self, path: str, follow: bool) -> Handle:
        """Return a handle to ``path``, with ``follow`` to what a link there leads to, unless that was none before."""
        with self.place(path, follow) as place:
            handle = Handle(place)
        if follow and handle.is_link:
            with handle:
                raise _now_a_link(path)
        return handle

    def place(self, path: str, follow: bool = False) -> Place:
        """Return the place to change something at; its folder stays the same whatever is put in its way meanwhile."""
        real = self.real(trimmed(path))
        if not real:
            raise Failed("an empty path is no place to write to")
        if follow:
            real = self._led.get(real) or os.path.realpath(real)
        folder, name = split(real)
        return Place(self._folders.to_change(folder), real, name)

    def _reach(self, path: str, follow: bool) -> Tuple[str, Optional[int]]:
        """Return how to look at ``path``: in the folder that is held, where it was looked at, else by its own name."""
        real = path if self.root == "/" else self.real(path)
        if not self._led or real[-1:] in ("/", ""):
            return real, None
        folder, name = split(self._led.get(real, real) if follow else real)
        held = self._folders.seen(folder)
        return (real, None) if held is None else (name, held.descriptor)

    def real(self, path: str) -> str:
        """Return where ``path`` really lies (differs from ``path`` only in tests)."""
        if self.root == "/" or not path:
            return path
        return os.path.join(self.root, path.lstrip("/"))

    def stat(self, path: str, follow: bool = False) -> Optional[os.stat_result]:
        """Return the status of ``path`` itself (or of what it points to), or None where nothing is there."""
        name, folder = self._reach(path, follow)
        try:
            return os.stat(name, dir_fd=folder, follow_symlinks=follow)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None  # links that point at each other point at nothing
            raise

    def exists(self, path: str) -> bool:
        """Tell whether something is there; a dangling link counts."""
        return self._is(path, False, _anything)

    def is_dir(self, path: str) -> bool:
        """Tell whether it is a directory, or a link to one."""
        return self._is(path, True, modes.S_ISDIR)

    def is_file(self, path: str) -> bool:
        """Tell whether it is a regular file, or a link to one."""
        return self._is(path, True, modes.S_ISREG)

    def is_link(self, path: str) -> bool:
        """Tell whether it is a symbolic link."""
        return self._is(path, False, modes.S_ISLNK)

    def _is(self, path: str, follow: bool, kind: Callable[[int], bool]) -> bool:
        name, folder = self._reach(path, follow)
        try:
            return kind(os.stat(name, dir_fd=folder, follow_symlinks=follow).st_mode)
        except (OSError, ValueError):
            return False

    def read(self, path: str) -> bytes:
        """Return the whole content."""
        with self.open(path) as stream:
            return stream.read()

    def read_or_none(self, path: str) -> Optional[bytes]:
        """Return the whole content, or None where no file is there."""
        try:
            return self.read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, path: str) -> IO[bytes]:
        """Open for reading; what was looked at and was no link is not followed as one."""
        name, folder = self._reach(path, True)
        if folder is None:
            return open(name, "rb")  # noqa: SIM115 - the caller closes it
        kept = os.O_NOFOLLOW if self.real(path) in self._led else 0
        try:
            return open(name, "rb", opener=lambda name, flags: os.open(name, flags | kept, dir_fd=folder))
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise _now_a_link(path) from None
            error.filename = self.real(path)
            raise

    def size(self, path: str) -> int:
        """Return the size of a file or of what a link points to."""
        name, folder = self._reach(path, True)
        return os.stat(name, dir_fd=folder).st_size

    def size_of(self, stream: IO[bytes]) -> int:
        """Return the size of an open file."""
        return os.fstat(stream.fileno()).st_size

    def head(self, path: str, size: int) -> bytes:
        """Return the first ``size`` bytes."""
        with self.open(path) as stream:
            return stream.read(size)

    def listdir(self, path: str) -> List[str]:
        """Return the names in a directory, sorted."""
        folder = self._folders.seen(self.real(path)) if self._led else None
        if folder is None:
            return sorted(os.listdir(self.real(path)))
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder.descriptor)
        try:
            return sorted(os.listdir(descriptor))
        finally:
            os.close(descriptor)

    def readlink(self, path: str) -> str:
        """Return what a symbolic link says."""
        name, folder = self._reach(path, False)
        return os.readlink(name, dir_fd=folder)

    def walk(self, path: str) -> Iterator[Tuple[str, List[str], List[str]]]:
        """Yield (directory, directory names, file names) from the top down, paths as the host sees them."""
        real = self.real(path)
        for folder, directories, names in os.walk(real):
            directories.sort()
            yield path + folder[len(real) :], directories, sorted(names)

    def checksum(self, path: str, algorithm: str = "sha1") -> str:
        """Return the content's hash in hexadecimal."""
        digest = hashlib.new(algorithm)
        with self.open(path) as stream:
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
        if not follow and path:
            self._led[self.real(trimmed(path))] = self.real(trimmed(path))
        return Replacement(self.place(path, follow), mode, unsafe, owner)

    @contextmanager
    def renewing(self, path: str) -> Iterator[Tuple[IO[bytes], Handle]]:
        """Yield a new file beside ``path``, ours alone, to fill and give away; at a clean end it takes its place."""
        with self.place(path) as place:
            new = place.beside()
            descriptor = new.make_file()
            try:
                with os.fdopen(descriptor, "wb") as stream, Handle(new, descriptor) as handle:
                    yield stream, handle
                new.move_to(place)
            except BaseException:
                new.remove()
                raise

    def backup(self, path: str) -> str:
        """Copy a file beside itself, attributes and all, under a name with the time in it; return that name."""
        name = "%s.%d.%s~" % (path, os.getpid(), time.strftime("%Y-%m-%d@%H:%M:%S"))
        with self.hold(path, True) as old, self.renewing(name) as (stream, new):
            with old.open() as source:
                shutil.copyfileobj(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
            try:
                new.chown(old.status().st_uid, old.status().st_gid)
            except PermissionError:
                pass  # not root: a backup of another's file is ours
            shutil.copystat(old.reached(), stream.fileno())  # type: ignore[arg-type]  # any of its calls takes a descriptor
        return name

    def resolve(self, path: str) -> str:
        """Return the path without symbolic links, as the host sees it; of a folder looked at, it is to be the same."""
        if not path:
            return path
        real = os.path.realpath(self.real(path))
        led = self._led.get(self.real(trimmed(path)))
        if led is not None:
            self._folders.alias(split(real)[0], split(led)[0])
        if self.root == "/":
            return real
        root = os.path.realpath(self.root)
        return real[len(root) :] or "/" if real.startswith(root + "/") else real

    def makedirs(self, path: str, mode: int = 0o777) -> List[str]:
        """Make a directory and its missing parents; return those made, outermost first."""
        missing: List[str] = []
        here = os.path.normpath(path)
        while here not in ("", "/") and not self.is_dir(here):
            missing.append(here)
            here = os.path.dirname(here)
        for each in reversed(missing):
            self.mkdir(each, mode)
        return missing[::-1]

    def mkdir(self, path: str, mode: int) -> None:
        """Make a directory; what is changed below it from now on is in this one."""
        with self.place(path) as place:
            self._folders.note(place.real, place.make_folder(mode))

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""
        with self.place(path) as place:
            place.remove_folder()
        self._forget(place.real)

    def touch(self, path: str, mode: int) -> None:
        """Make an empty file where nothing is."""
        with self.place(path) as place:
            os.close(place.make_file(mode))

    def symlink(self, target: str, path: str) -> None:
        """Make or replace a symbolic link atomically."""
        with self.place(path) as place:
            new = place.beside()
            new.make_link(target)
            _take_place(new, place)
        self._forget(place.real)
        self._led[place.real] = os.path.realpath(os.path.join(os.path.dirname(place.real), target))

    def hard_link(self, source: str, path: str) -> None:
        """Make or replace a second name for a file atomically."""
        with self.place(source, True) as old, self.place(path) as place:
            new = place.beside()
            new.make_name_of(old)
            _take_place(new, place)
        self._forget(place.real)
        self._led[place.real] = place.real

    def remove(self, path: str) -> None:
        """Remove a file, link, or directory tree; nothing there is fine. The root of the host is not removed."""
        if not path:
            return
        try:
            place = self.place(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        with place:
            if self._is_root(place):
                raise Failed("%s is the root of the host, which is not removed" % path)
            if place.name in (".", ".."):
                raise Failed("%s names no folder that can be removed: give its own name" % path)
            place.remove()
        self._forget(place.real)

    def _is_root(self, place: Place) -> bool:
        status = place.status()
        return status is not None and os.path.samestat(status, os.stat(self.root))

    def _forget(self, real: str) -> None:
        """Forget what was removed or replaced on purpose, and what was seen in it."""
        self._folders.forget(real)
        for each in [each for each in self._led if each.startswith(real + "/")]:
            del self._led[each]

    def chmod(self, path: str, mode: int) -> None:
        """Set the permissions of what ``path`` points to."""
        with self.hold(path, True) as handle:
            handle.chmod(mode)

    def chown(self, path: str, uid: int, gid: int, follow: bool = False) -> None:
        """Set owner and group; -1 leaves one as it is."""
        with self.hold(path, follow) as handle:
            handle.chown(uid, gid)


class Replacement:
    """A temporary file beside the target that takes its place at a clean exit, and disappears at any other.

    It is created with mode 0600 and gets its final owner and mode before the rename, so the content is never
    readable by more users than in the end.
    """

    def __init__(self, place: Place, mode: Optional[int], unsafe: bool, owner: Tuple[int, int] = (-1, -1)) -> None:
        self.place, self.mode, self.unsafe, self.owner = place, mode, unsafe, owner
        self._new = place.beside()
        self.temporary = self._new.real
        self.stream: Optional[IO[bytes]] = None

    def __enter__(self) -> IO[bytes]:
        try:
            with self._new:
                descriptor = self._new.make_file()
        except OSError:
            if not self.unsafe or _file_at(self.place) is None:
                raise
            descriptor, self.temporary = tempfile.mkstemp(prefix="prov-")  # nothing can be made beside the file
            self._new = Place(self.place.folder, self.temporary, self.temporary)  # no folder matters to a whole path
        self.stream = os.fdopen(descriptor, "w+b")
        return self.stream

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if self.stream is None:
            return
        try:
            with self.place:
                if kind is None:
                    self.stream.flush()
                    os.fsync(self.stream.fileno())
                    self._settle(self.stream)
        finally:
            self._new.remove()
            self.stream.close()  # last: where the disk is full it fails once more

    def _settle(self, stream: IO[bytes]) -> None:
        """Set owner and mode by the descriptor: who may write to the folder may put a link in the name's place."""
        handle = stream.fileno()
        old = _file_at(self.place)
        mode = self.mode
        if old is not None:
            try:
                os.fchown(handle, old.st_uid, old.st_gid)
            except PermissionError:
                pass  # not root: the file becomes ours, as any atomic replacement by a plain user does
            mode = modes.S_IMODE(old.st_mode) if mode is None else mode
            _keep_attributes(self.place.reached(), handle)
        if self.owner != (-1, -1):
            os.fchown(handle, *self.owner)
        os.fchmod(handle, (0o666 & ~_umask()) if mode is None else mode)
        try:
            self._new.move_to(self.place)
        except OSError:
            if not self.unsafe:
                raise
            self._write_in_place(stream)

    def _write_in_place(self, stream: IO[bytes]) -> None:
        """Copy the content into the file that is there, by descriptors alone."""
        with os.fdopen(self.place.open(os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as target:
            stream.seek(0)
            shutil.copyfileobj(stream, target)
            os.fchmod(target.fileno(), modes.S_IMODE(os.fstat(stream.fileno()).st_mode))


KEPT_ATTRIBUTES = ("system.posix_acl_access", "security.selinux")


def split(real: str) -> Tuple[str, str]:
    """Return the folder of a path, and the name in it; of a path without a folder it is the one that tasks run in."""
    folder, _, name = real.rpartition("/")
    if real[:1] != "/":
        folder = os.path.join(os.getcwd(), folder)
    return folder.rstrip("/") or "/", name or "."


def _take_place(new: Place, place: Place) -> None:
    try:
        new.move_to(place)
    except BaseException:
        new.remove()
        raise


def _now_a_link(path: str) -> Failed:
    return Failed("%s has become a symbolic link meanwhile, which is not followed" % path)


def _anything(_mode: int) -> bool:
    return True


def _file_at(place: Place) -> Optional[os.stat_result]:
    found = place.status()
    return found if found is not None and modes.S_ISREG(found.st_mode) else None


def _keep_attributes(old: str, new: int) -> None:
    """Give a replacement the access list and the SELinux context of what it replaces, where there are such things."""
    for name in KEPT_ATTRIBUTES:
        try:
            os.setxattr(new, name, os.getxattr(old, name, follow_symlinks=False))
        except OSError:
            pass  # none there, or this file system has none, or only root may


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
