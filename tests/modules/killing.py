"""Kills a module's run before one of its changing calls: a child process on a case's host, ended by SIGKILL.

What counts as a step: whatever changes a file (and each write twice, the second time with half of it written), and
the start of a program. What programs write themselves is not ours and no step.
"""

from __future__ import annotations

import builtins
import io
import os
import pickle
import re
import signal
import stat
import sys
import tarfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from provisioner.remote.system.commands import Completed
from tests.modules.test_tables import Bench

CHANGING = {
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.removexattr",
    "os.rename",
    "os.rmdir",
    "os.setxattr",
    "os.symlink",
    "os.truncate",
}
"""What Python tells its audit hooks about changes of files; ``open`` counts where it makes or empties one."""


class Seen(NamedTuple):
    """What matters about one file, folder or link."""

    kind: int
    mode: int
    uid: int
    gid: int
    content: bytes


class Recorded(NamedTuple):
    """An undisturbed run: its steps by name, which of them meet a host unlike the one before, and its result."""

    steps: list[str]
    worth: list[int]
    result: dict[str, Any]


BEGAN = int(time.time())
VARYING = re.compile(
    rb"\b\d+ \d+ (?=[dfl] [0-7]{3,4} \d)|"  # times and inodes in lists of files, 0 where the file is very new
    rb"\d{4}-\d\d-\d\d[T@ ]\d\d:\d\d:\d\d(?:\.\d+)?Z?"  # times
    rb"|\b1\d{9}(?:\.\d+|\d{9})?\b"
    rb"|(?<![\w-])(?:[0-9a-f]{32,}|[0-9A-Za-z_-]{32})(?![\w-])"  # hashes, and passwords that are made up
    rb"|\$(?:apr1|2y|5|6)\$[^\s:]{20,}|\|1\|\S{20,}"  # what is salted
)


def set_up(module: str, case: dict[str, Any], place: Path) -> Bench:
    """Return a case's host; its files have the same times each time it is made."""
    bench = Bench(module, case, place)
    for folder, directories, names in os.walk(bench.root):
        for name in (*directories, *names):
            if "mtime" not in str(case.get("files")):
                os.utime(Path(folder, name), (BEGAN, BEGAN), follow_symlinks=False)
    return bench


def seen(root: Path) -> dict[str, Seen]:
    """Return what is below ``root``; times and hashes in contents and names, which differ from run to run, as ``~``."""
    found = {}
    for folder, directories, names in os.walk(root):
        for name in (*directories, *names):
            path = Path(folder, name)
            status = path.lstat()
            content = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = VARYING.sub(b"~", path.read_bytes())
            given = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
            if stat.S_ISLNK(status.st_mode):
                given = (0, 0, 0)  # nothing depends on these
            found[str(path.relative_to(root))] = Seen(stat.S_IFMT(status.st_mode), *given, content)
    return found


class Steps:
    """Counts the steps of this process, and ends it before step number ``last``."""

    def __init__(self, bench: Bench, last: int | None) -> None:
        self.bench, self.last = bench, last
        self.names: list[str] = []
        self.worth: list[int] = []
        self.before: Any = self._host()
        self.asleep, self.owner = False, os.getpid()

    def _host(self) -> Any:
        return seen(self.bench.root), len(self.bench.commands.ran)

    def take(self, name: str) -> None:
        """Note a step that is about to be done; where it is the last one, the process ends here."""
        if self.asleep or os.getpid() != self.owner:
            return
        with self.sleeping():
            if self.last is None:
                host = self._host()
                if host != self.before:
                    self.worth.append(len(self.names))
                self.before = host
            elif len(self.names) == self.last:
                say(self.bench, None)
                os.kill(os.getpid(), signal.SIGKILL)
            self.names.append(name)

    @contextmanager
    def sleeping(self) -> Iterator[None]:
        """Do something that is no step of the module."""
        was, self.asleep = self.asleep, True
        try:
            yield
        finally:
            self.asleep = was

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Take what Python tells its audit hooks."""
        makes = os.O_CREAT | os.O_TRUNC
        if event in CHANGING or (event == "open" and isinstance(given[2], int) and given[2] & makes):
            self.take(event.rpartition(".")[2])


def watch(steps: Steps) -> None:
    """Have every change that this process makes from now on counted; there is no way back, so only in a child."""

    def by_halves(write: Callable[[Any], int], data: Any) -> int:
        whole = bytes(data)
        steps.take("write")
        done = write(whole[: len(whole) // 2])
        steps.take("half")
        return done + write(whole[len(whole) // 2 :])

    class Raw(io.FileIO):
        def write(self, data: Any) -> int:
            return by_halves(super().write, data)

        def truncate(self, size: int | None = None) -> int:
            steps.take("truncate")
            return super().truncate(size)

    real_open, real_write, real_run = io.open, os.write, steps.bench.commands.run

    def stepping_open(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        if not set(mode) & set("wax+"):
            return real_open(file, mode, buffering, *rest, **named)
        names = ("encoding", "errors", "newline", "closefd", "opener")
        given = {**dict(zip(names, rest, strict=False)), **named}
        raw = Raw(file, mode.replace("b", "").replace("t", ""), given.pop("closefd", True), given.pop("opener", None))
        if buffering == 0:
            return raw
        stream = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)  # type: ignore[operator]
        return stream if "b" in mode else io.TextIOWrapper(stream, **given)

    def run(argv: Any, **named: Any) -> Completed:
        steps.take("run")
        with steps.sleeping():
            return real_run(argv, **named)

    builtins.open = io.open = tarfile.bltn_open = stepping_open  # type: ignore[assignment,attr-defined]
    os.write = lambda descriptor, data: by_halves(lambda part: real_write(descriptor, part), data)
    steps.bench.commands.run = run  # type: ignore[method-assign]
    sys.addaudithook(steps.hear)


def say(bench: Bench, more: Any) -> None:
    """Leave for the parent what programs have run, and what more there is to say."""
    with io.FileIO(_said(bench), "w") as stream:
        stream.write(pickle.dumps((bench.commands.ran, bench.commands.stdins, more)))


def _said(bench: Bench) -> str:
    return f"{bench.root}.said"


def _in_child(bench: Bench, last: int | None) -> tuple[int, Any]:
    """Run the case in a child, killed before step ``last``; return how it ended and what it said."""
    child = os.fork()
    if child == 0:
        try:
            steps = Steps(bench, last)
            watch(steps)
            result = bench.run()
            steps.take("end")
            with steps.sleeping():
                say(bench, Recorded(steps.names, steps.worth, result))
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it is, it is told, and no test goes on in the child
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), f"the child that was to be killed before step {last} ended with {status}"
    with Path(_said(bench)).open("rb") as stream:
        bench.commands.ran, bench.commands.stdins, more = pickle.load(stream)
    return status, more


def record(bench: Bench) -> Recorded:
    """Run the case undisturbed in a child of its own, counting steps."""
    _, recorded = _in_child(bench, None)
    assert isinstance(recorded, Recorded)
    return recorded


def kill(bench: Bench, step: int) -> None:
    """Run the case in a child of its own and kill it before the step of that number."""
    status, _ = _in_child(bench, step)
    assert status == signal.SIGKILL, f"step {step} was not reached"
