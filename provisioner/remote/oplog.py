"""The record a host keeps of one run: what was begun, what came of it. So an outcome is read, never guessed.

One file for each session of a run, in the worker's own home, seen by nobody else. Every operation has a key that its
controller gives it; a key is run at most once, whoever asks again (the same controller after a broken link, or another
that resumes the run). Several workers may have the file open, as one that lost its controller still finishes what it
runs: the last that opened it owns the run, the others begin nothing more.

Lines are JSON. ``{"own": pid, ...}`` a worker opened it; ``{"op": key, "pid": p}`` it began an operation;
``{"op": key, "end": result}`` the operation ended (null where the result was not kept).
"""

import fcntl
import json
import os
import pwd
import stat
import time
from typing import Any, Dict, Optional

KEPT_RESULT = 256 * 1024
KEPT_S = 30 * 86400
FOLDER = ".provisioner"
ENDING = ".ops"
ENDINGS = (ENDING, ".said")


class Superseded(Exception):
    """Another worker has taken the run over: this one must begin nothing more."""


class Record:
    """What is known of one operation. ``pid`` is the worker that began it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = False
        self.result: Optional[Dict[str, Any]] = None


class OpLog:
    """An open log; used by the worker's main thread only."""

    def __init__(self, path: str) -> None:
        """Open or make the log and become its owner; OSError where it cannot be written."""
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)
        self._records: Dict[str, Record] = {}
        self._owners: Dict[int, Dict[str, Any]] = {}
        self._owner = 0
        self._offset, self._rest = 0, b""
        self._me = os.getpid()
        try:
            self._own()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _own(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            self._refresh()
            self.is_fresh = not self._owner
            self._append({"own": self._me, "born": born(self._me), "boot": boot_id()})
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def claim(self, key: str, *, again: bool, durable: bool) -> Optional[Record]:
        """Note that ``key`` is begun and return None; or return what is known of it, unless it is run ``again``.

        ``durable``: the note is on the disk when this returns, so that even a crash of the host leaves it.
        """
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            self._refresh()
            if self._owner != self._me:
                raise Superseded
            known = self._records.get(key)
            if known is not None and not again:
                return known
            self._append({"op": key, "pid": self._me})
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        if durable:
            os.fdatasync(self._descriptor)
        return None

    def look(self, key: str) -> Record:
        """Return what is known of an operation that was begun, others' notes included."""
        self._refresh()
        return self._records[key]

    def end(self, key: str, result: Optional[Dict[str, Any]]) -> None:
        """Note what came of an operation. A result that is too large is not kept."""
        text = json.dumps(result, separators=(",", ":"), default=str)
        if len(text) > KEPT_RESULT:
            text = "null"
        line = '{"op":%s,"end":%s}\n' % (json.dumps(key), text)
        self._write(line.encode("utf-8", "surrogateescape"))

    def lives(self, record: Record) -> bool:
        """Tell whether the worker that began an operation still runs, in this same boot of the host."""
        owner = self._owners.get(record.pid)
        if owner is None or owner.get("boot") != boot_id():
            return False
        return bool(owner.get("born")) and born(record.pid) == owner["born"]

    def began_before_boot(self, record: Record) -> bool:
        """Tell whether the host was booted since an operation began."""
        owner = self._owners.get(record.pid)
        return owner is not None and owner.get("boot") != boot_id()

    def remove(self) -> None:
        """Forget everything: the controller has it all."""
        if self._owner == self._me:
            os.unlink(self.path)

    def _refresh(self) -> None:
        """Read what was added since the last look, by whomever."""
        size = os.fstat(self._descriptor).st_size
        while self._offset < size:
            data = os.pread(self._descriptor, 1 << 20, self._offset)
            if not data:
                break
            self._offset += len(data)
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            self._understand(json.loads(line.decode("utf-8", "surrogateescape")))
        except (ValueError, TypeError, KeyError):
            pass  # torn by a crash in the middle of a write: what it was about counts as begun, or not begun

    def _understand(self, note: Dict[str, Any]) -> None:
        if "own" in note:
            self._owners[note["own"]] = note
            self._owner = note["own"]
        elif "end" in note:
            record = self._records.setdefault(note["op"], Record(0))
            record.ended, record.result = True, note["end"]
        else:
            self._records[note["op"]] = Record(note["pid"])

    def _append(self, note: Dict[str, Any]) -> None:
        # a line torn by a crash is ended first, so that it spoils no other
        start = b"\n" if self._rest else b""
        self._write(start + json.dumps(note, separators=(",", ":")).encode("utf-8") + b"\n")
        self._refresh()

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]


def open_log(name: str) -> Optional[OpLog]:
    """Return the log of that name, or None where this user can keep none (no home, no room, a full disk)."""
    for folder in _folders():
        try:
            _own_folder(folder)
            _forget_old(folder, name + ENDING)
            return OpLog(os.path.join(folder, name + ENDING))
        except OSError:
            continue
    return None


def _folders() -> Any:
    me = os.geteuid()
    try:
        home = pwd.getpwuid(me).pw_dir
    except KeyError:
        home = ""
    if home and home != "/":
        yield os.path.join(home, FOLDER)
    yield "/var/tmp/provisioner-%d" % me  # noqa: S108 looked at by _own_folder before it is used


def _own_folder(folder: str) -> None:
    """Make the folder for us alone; OSError where it is somebody else's or a link."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError("%s is not a folder of ours alone" % folder)


def _forget_old(folder: str, mine: str) -> None:
    """Remove what no run will ask for any more; never ``mine``, however the host's clock was set meanwhile."""
    oldest = time.time() - KEPT_S
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.endswith(ENDINGS) and not name.startswith(mine) and os.lstat(path).st_mtime < oldest:
            os.unlink(path)


def born(pid: int) -> str:
    """Return when a process started, in the kernel's own count, or nothing where there is none (proc(5), stat)."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def boot_id() -> str:
    """Return the id of this boot of the host, or nothing where the kernel tells none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as stream:
            return stream.readline().strip()
    except OSError:
        return ""
