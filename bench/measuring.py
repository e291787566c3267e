"""Runs one command and tells its wall time and the CPU time of everything it started, daemons included.

    measuring.py TIMEOUT OUTPUT -- COMMAND...    prints {"wall_s", "cpu_s", "code"}; what it says goes to OUTPUT

The command runs below a process of its own that adopts orphans: a connection left open in the background (ansible's
OpenSSH masters) is ended afterwards and its CPU time counted, so that every run starts cold. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
GRACE_S = 2.0
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one command."""

    wall_s: float
    cpu_s: float
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
    with output.open("wb") as sink:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = TIMED_OUT
        wall = time.perf_counter() - began
    end_children()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Sample(wall, used.ru_utime + used.ru_stime, code)


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
    pid = os.getpid()
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


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
