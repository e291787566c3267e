"""A file held by a descriptor: what was looked at is what is changed, whatever its name leads to meanwhile."""

import os
import stat as modes
from typing import IO, Any, Optional, Tuple, Union

from .folders import Folder

REACHED = "/proc/self/fd/%d"
BY_NAME = "/proc/%d/fd/%d/%s"


class Place:
    """A name in a folder that is held: each step of a change goes to the same folder, and never through a link."""

    def __init__(self, folder: Folder, real: str, name: str) -> None:
        self.folder, self.real, self.name = folder, real, name

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if isinstance(value, OSError) and value.filename == self.name:
            value.filename = self.real  # people know the whole path

    @property
    def _at(self) -> int:
        return self.folder.descriptor

    def status(self) -> Optional[os.stat_result]:
        """Return the status of what is there, a link itself; None where nothing is."""
        try:
            return os.stat(self.name, dir_fd=self._at, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def beside(self) -> "Place":
        """Return a place in the same folder that nobody can know before."""
        name = ".prov-" + os.urandom(8).hex()
        return Place(self.folder, os.path.join(os.path.dirname(self.real), name), name)

    def open(self, flags: int, mode: int = 0o600) -> int:
        """Return an open descriptor of the file there."""
        return os.open(self.name, flags | os.O_NOFOLLOW, mode, dir_fd=self._at)

    def make_file(self, mode: int = 0o600) -> int:
        """Make a file where nothing is; return an open descriptor of it."""
        return self.open(os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def make_folder(self, mode: int) -> os.stat_result:
        """Make a folder where nothing is; return its status."""
        os.mkdir(self.name, mode, dir_fd=self._at)
        return os.stat(self.name, dir_fd=self._at, follow_symlinks=False)

    def make_link(self, target: str) -> None:
        """Make a symbolic link where nothing is."""
        os.symlink(target, self.name, dir_fd=self._at)

    def make_name_of(self, other: "Place") -> None:
        """Make a second name of the file at another place, of a link itself, where nothing is."""
        os.link(other.name, self.name, src_dir_fd=other._at, dst_dir_fd=self._at, follow_symlinks=False)

    def move_to(self, other: "Place") -> None:
        """Move what is here, in one step, over what is at another place."""
        os.rename(self.name, other.name, src_dir_fd=self._at, dst_dir_fd=other._at)

    def remove_folder(self) -> None:
        """Remove an empty folder."""
        os.rmdir(self.name, dir_fd=self._at)

    def remove(self) -> None:
        """Remove what is there, a folder with all in it; nothing is fine."""
        _remove(self._at, self.name)

    def reached(self) -> str:
        """Return a path for programs and calls that take no descriptor: it leads through the held folder."""
        reached = BY_NAME % (os.getpid(), self._at, self.name)
        return reached if os.path.exists(os.path.dirname(reached)) else self.real


def _remove(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        _remove_folder(folder, name)


def _remove_folder(folder: int, name: str) -> None:
    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        for each in os.listdir(below):
            _remove(below, each)
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=folder)


class Handle:
    """What is at a place now, a link itself; or a file that is open already."""

    def __init__(self, place: Place, descriptor: int = -1) -> None:
        self.place = place
        self._descriptor = place.open(os.O_PATH) if descriptor < 0 else os.dup(descriptor)
        self._opened = -1

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *_: Any) -> None:
        os.close(self._descriptor)
        if self._opened >= 0:
            os.close(self._opened)

    def status(self) -> os.stat_result:
        """Return its status."""
        return os.fstat(self._descriptor)

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link."""
        return modes.S_ISLNK(self.status().st_mode)

    def read(self) -> bytes:
        """Return the whole content."""
        with self.open() as stream:
            return stream.read()

    def open(self) -> IO[bytes]:
        """Open it for reading."""
        reached = self.reached()
        return open(reached, "rb", closefd=isinstance(reached, str))

    def chown(self, uid: int, gid: int) -> None:
        """Set its owner and group; -1 leaves one as it is."""
        if self.is_link:  # which never goes further than the link
            os.chown(self.place.name, uid, gid, dir_fd=self.place.folder.descriptor, follow_symlinks=False)
        else:
            os.chown(self.reached(), uid, gid)

    def chmod(self, mode: int) -> None:
        """Set its permissions; a link has none."""
        if not self.is_link:
            os.chmod(self.reached(), mode)

    def set_times(self, times_ns: Optional[Tuple[int, int]]) -> None:
        """Set when it was read and changed; None is now, which whoever may write to it may set."""
        if self.is_link:
            os.utime(self.place.name, ns=times_ns or (0, 0), dir_fd=self.place.folder.descriptor, follow_symlinks=False)
        elif times_ns is None:
            os.utime(self.reached())
        else:
            os.utime(self.reached(), ns=times_ns)

    def reached(self) -> Union[int, str]:
        """Return what leads to the held file only: its descriptor's own name, or without /proc, one that is opened."""
        if os.path.exists(REACHED % self._descriptor):
            return REACHED % self._descriptor
        if self._opened < 0:
            self._opened = self.place.open(os.O_RDONLY | os.O_NONBLOCK)
            if not os.path.samestat(os.fstat(self._opened), self.status()):
                raise OSError("it is another file now")
        return self._opened
