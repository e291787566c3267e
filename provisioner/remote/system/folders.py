"""Folders held by descriptors: what was looked at is where changes go, wherever the names on the way lead meanwhile.

Who owns a folder on the way to a file may put a symbolic link in the place of any folder below it at any moment. A link
that is there when a module begins to look is followed, as everybody expects; one that comes later is not.
"""

import os
import stat as modes
from collections import OrderedDict
from typing import Dict, Optional, Tuple

from ..change import Failed

HELD_AT_ONCE = 32
Identity = Tuple[int, int]


class Folder:
    """A folder held by a descriptor that is closed when nobody holds it any more."""

    def __init__(self, path: str, above: Optional["Folder"] = None, flags: int = 0) -> None:
        """Open ``path``, from ``above`` on where it is given."""
        self.descriptor = -1
        below = None if above is None else above.descriptor
        self.descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | flags, dir_fd=below)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def identity(self) -> Identity:
        """Return what tells it from every other folder."""
        return identity_of(os.fstat(self.descriptor))


def identity_of(status: os.stat_result) -> Identity:
    """Return what tells a folder from every other one."""
    return status.st_dev, status.st_ino


class Folders:
    """The folders that a module has looked at, by the paths it used; some are held, of the others it is known which."""

    def __init__(self) -> None:
        self._held: "OrderedDict[str, Folder]" = OrderedDict()
        self._known: Dict[str, Optional[Identity]] = {}

    def look(self, path: str) -> Optional[Folder]:
        """Hold a folder from now on; where it is not there, remember that, and hold the one it would be made in."""
        found = self.seen(path)
        if found is None and path not in self._known:
            try:
                above, _, rest = self._above(path)
                found = self._hold(path, Folder(rest, above))
            except (FileNotFoundError, NotADirectoryError):
                self._known[path] = None
                self.look(os.path.split(path)[0])
            except OSError:
                pass  # whoever reads or changes something there is told why that cannot be
        return found

    def note(self, path: str, status: os.stat_result) -> None:
        """Remember which folder it is that was found or made; a link in its place is not followed from now on."""
        self._held.pop(path, None)
        self._known[path] = identity_of(status)

    def alias(self, path: str, looked_at: str) -> None:
        """Expect a folder that was looked at at another path too."""
        found = self.seen(looked_at)
        if found is not None and path not in self._held and path not in self._known:
            self._known[path] = found.identity()

    def seen(self, path: str) -> Optional[Folder]:
        """Return the folder that was looked at, None where none was looked at or there."""
        found = self._held.get(path)
        if found is not None or self._known.get(path) is None:
            return found
        try:
            found = Folder(path)
        except (FileNotFoundError, NotADirectoryError):
            raise swapped(path) from None
        if found.identity() != self._known[path]:
            raise swapped(path)
        return self._hold(path, found)

    def to_change(self, path: str) -> Folder:
        """Return a folder to change something in: the one that was looked at, and only where ``path`` leads there."""
        found = self.seen(path)
        if found is not None:
            return _still(path, found)
        if path not in self._known:
            above, where, rest = self._above(path)
            return Folder(rest, above and _still(where, above))
        folder, name = os.path.split(path)  # it was missing then: what has come since is no link
        held = self.to_change(folder)
        try:
            return Folder(name, held, os.O_NOFOLLOW)
        except NotADirectoryError:
            if modes.S_ISLNK(os.stat(name, dir_fd=held.descriptor, follow_symlinks=False).st_mode):
                raise swapped(path) from None
            raise

    def _above(self, path: str) -> Tuple[Optional[Folder], str, str]:
        """Return the next folder above that was looked at, its path, and the rest of the way."""
        here = path
        while here and (self._held or self._known):
            here = here.rpartition("/")[0]
            found = self.seen(here)
            if found is not None:
                return found, here, path[len(here) :].strip("/")
        return None, "", path

    def forget(self, path: str) -> None:
        """Forget a folder that was removed or replaced on purpose, and all below it."""
        for each in [each for each in (*self._held, *self._known) if each == path or each.startswith(path + "/")]:
            self._held.pop(each, None)
            self._known.pop(each, None)

    def _hold(self, path: str, folder: Folder) -> Folder:
        self._known.pop(path, None)
        self._held[path] = folder
        if len(self._held) > HELD_AT_ONCE:
            oldest, let_go = self._held.popitem(last=False)
            self._known[oldest] = let_go.identity()
        return folder


def _still(path: str, folder: Folder) -> Folder:
    try:
        same = identity_of(os.stat(path)) == folder.identity()
    except OSError:
        same = False
    if not same:
        raise swapped(path)
    return folder


def swapped(path: str) -> Failed:
    """Return what to say where a path leads to another folder than before."""
    return Failed(
        "%s has become another folder since it was looked at (a symbolic link put in its place, or on the way to it): "
        "nothing was changed there. Run this again when nobody else changes the folders on the way" % path
    )
