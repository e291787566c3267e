"""Keeps compiled code from one run to the next, so that only what is new is compiled.

A file for each source in the user's own home, named by a hash of the source and by the interpreter, seen by nobody
else. A worker's source always comes from the controller; what is kept is used only where it is the compilation of
exactly that text, was written by this user into a folder of this user alone, and is whole. Whatever is amiss is
compiled anew.
"""

import hashlib
import marshal
import os
import pwd
import stat
import sys
import tempfile
from typing import Any, Optional

FOLDER = os.path.join(".cache", "provisioner", "code")
DIGEST = 32
MOST_FILES = 400
LARGEST = 4 << 20


class Compiled:
    """Gives the code of sources, kept or compiled.

    ``home`` is where ``folder`` is, or is made, for at most so many files; if that is not ours, nothing is kept.
    """

    def __init__(self, home: Optional[str] = None, folder: str = FOLDER, most: int = MOST_FILES) -> None:
        self.folder = _folder(_home() if home is None else home, folder)
        self._most = most
        self._interpreter = "%s-%x" % (sys.implementation.cache_tag, sys.hexversion)
        self._is_swept = False

    def code(self, source: str, shown: str) -> Any:
        """Return the compiled code of a source that is shown under that name."""
        name = "\0".join((shown, source))
        code = self.find(name)
        if code is None:
            code = compile(source, shown, "exec", 0, True)
            self.keep(name, code)
        return code

    def find(self, name: str) -> Any:
        """Return what is kept under that name by this interpreter, or None."""
        return _read(self._path(name)) if self.folder else None

    def keep(self, name: str, code: Any) -> None:
        """Keep code, or a tuple with code and names in it."""
        if not self.folder:
            return
        try:
            self._sweep()
            data = marshal.dumps(code)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(hashlib.blake2b(data, digest_size=DIGEST).digest() + data)
                os.rename(temporary, self._path(name))
            except OSError:
                os.unlink(temporary)
                raise
        except OSError:
            self.folder = ""  # no room, or somebody removed it: this run keeps nothing

    def _path(self, name: str) -> str:
        text = "\0".join((self._interpreter, name)).encode("utf-8", "surrogatepass")
        return os.path.join(self.folder, hashlib.blake2b(text, digest_size=DIGEST).hexdigest())

    def _sweep(self) -> None:
        """Keep the folder small: when it is full, the older half goes."""
        if self._is_swept:
            return
        self._is_swept = True
        paths = [os.path.join(self.folder, name) for name in os.listdir(self.folder)]
        if len(paths) > self._most:
            for path in sorted(paths, key=os.path.getmtime)[: len(paths) // 2]:
                os.unlink(path)


def _read(path: str) -> Any:
    """Return the code that a file holds, or None where there is none that may be trusted."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or not _is_ours_alone(found) or found.st_size > LARGEST:
            return None
        data = os.read(handle, found.st_size)
    except OSError:
        return None
    finally:
        os.close(handle)
    if hashlib.blake2b(data[DIGEST:], digest_size=DIGEST).digest() != data[:DIGEST]:
        return None
    try:
        return marshal.loads(data[DIGEST:])  # noqa: S302 - written by this user, as looked at above
    except (ValueError, EOFError, TypeError):
        return None


def _home() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def _folder(home: str, folder: str) -> str:
    """Return the folder, made if need be; nothing where the way to it is not this user's alone."""
    try:
        if home in ("", "/") or not _is_ours_alone(os.stat(home)):
            return ""
        path = home
        for part in folder.split(os.sep):
            path = os.path.join(path, part)
            try:
                os.mkdir(path, 0o700)
            except FileExistsError:
                pass
            found = os.lstat(path)
            if not stat.S_ISDIR(found.st_mode) or not _is_ours_alone(found):
                return ""
    except OSError:
        return ""
    return path


def _is_ours_alone(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022
