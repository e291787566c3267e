"""The worker's private folder: made when first needed, gone when the worker ends, swept by the next one if killed."""

import os
import shutil
import stat
import tempfile

PREFIX = "provisioner-"


class Scratch:
    """One worker's folder, readable by its user alone."""

    def __init__(self) -> None:
        self._path = ""

    def path(self) -> str:
        """Return the folder; OSError where none can be made."""
        if not self._path:
            self._path = tempfile.mkdtemp(prefix="%s%d.%s-" % (PREFIX, os.getpid(), _namespace()), dir=_place())
            _sweep(os.path.dirname(self._path))
        return self._path

    def forget(self) -> None:
        """Leave the folder to whoever made it; this process makes one of its own when it needs it."""
        self._path = ""

    def remove(self) -> None:
        """Remove it with all that is in it."""
        if self._path:
            shutil.rmtree(self._path, ignore_errors=True)


def _place() -> str:
    """Return where temporary files go; somewhere else where programs may not be started from there (noexec)."""
    usual = tempfile.gettempdir()
    for folder in (usual, "/var/tmp", os.path.expanduser("~")):  # noqa: S108 - a private folder is made in it
        try:
            if os.access(folder, os.W_OK | os.X_OK) and not os.statvfs(folder).f_flag & os.ST_NOEXEC:
                return folder
        except OSError:
            continue
    return usual


def _sweep(folder: str) -> None:
    """Remove what killed workers of this user left; the name tells whose it was, and where pids mean the same."""
    for name in os.listdir(folder):
        owner, _, _ = name[len(PREFIX) :].partition("-")
        pid, _, namespace = owner.partition(".")
        if not name.startswith(PREFIX) or not pid.isdigit() or namespace != _namespace():
            continue
        full = os.path.join(folder, name)
        try:
            status = os.lstat(full)
        except OSError:
            continue
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if is_ours and not os.path.exists("/proc/%s" % pid):
            shutil.rmtree(full, ignore_errors=True)


def _namespace() -> str:
    try:
        return "".join(filter(str.isdigit, os.readlink("/proc/self/ns/pid")))
    except OSError:
        return "0"
