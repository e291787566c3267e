"""Runs one command and tells wall time, and CPU time and memory of everything it started, daemons included.

    measuring.py TIMEOUT OUTPUT -- COMMAND...    prints {"wall_s", "cpu_s", "peak_mib", "code"}; what it says: OUTPUT

The command runs below a process of its own that adopts orphans: a connection left open in the background (ansible's
OpenSSH masters) is ended afterwards and its CPU time counted, so that every run starts cold. Memory is the largest sum
of what the processes had for themselves (PSS: what several share counts once), looked at some times a second; looking
takes at most a fiftieth of the time. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
GRACE_S = 2.0
TIMED_OUT = 124
LOOK_EVERY_S = 0.05
LOOK_SHARE = 50


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one command."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    code: int


def measured(command: Sequence[str], environment: Mapping[str, str], output: Path, timeout_s: float) -> Sample:
    """Run ``command`` and return what it cost; its output is in the file afterwards."""
    meter = [sys.executable, "-I", str(Path(__file__)), str(timeout_s), str(output), "--", *command]
    done = subprocess.run(meter, env=dict(environment), check=True, capture_output=True, text=True,
                          timeout=timeout_s + 30, cwd=output.parent)  # fmt: skip
    return Sample(**json.loads(done.stdout))


def run(command: Sequence[str], output: Path, timeout_s: float) -> Sample:
    """Run ``command`` as the only child of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(ADOPT_ORPHANS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    memory = Memory()
    with output.open("wb") as sink:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
        memory.start()
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = TIMED_OUT
        wall = time.perf_counter() - began
    memory.stop()
    end_children()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Sample(wall, used.ru_utime + used.ru_stime, max(memory.peak_mib, used.ru_maxrss / 1024), code)


class Memory(threading.Thread):
    """Looks again and again at how much memory everything below this process has."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mib = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        """Look until the end."""
        pause = LOOK_EVERY_S
        while not self._over.wait(pause):
            began = time.thread_time()
            self.peak_mib = max(self.peak_mib, sum(map(_mib, _below(os.getpid()))))
            pause = max(LOOK_EVERY_S, LOOK_SHARE * (time.thread_time() - began))

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def _below(pid: int) -> list[int]:
    found = []
    for child in _children_of(pid):
        found += [child, *_below(child)]
    return found


def _children_of(pid: int) -> list[int]:
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        texts = [Path(thread, "children").read_text(encoding="ascii") for thread in threads]
    except OSError:
        return []  # it ended meanwhile
    return [int(word) for text in texts for word in text.split()]


def _mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def end_children() -> None:
    """End whatever is left below this process and wait for it, so that its CPU time is counted."""
    deadline = time.monotonic() + GRACE_S
    number = signal.SIGTERM
    while children := _children():
        for child in children:
            os.kill(child, number)
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        time.sleep(0.01)
        _reap()


def _children() -> list[int]:
    _reap()
    return _children_of(os.getpid())


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass  # nobody is left, which is what was wanted


if __name__ == "__main__":
    separator = sys.argv.index("--")
    limit, sink_path = sys.argv[1:separator]
    print(json.dumps(asdict(run(sys.argv[separator + 1 :], Path(sink_path), float(limit)))))
