"""Running a program on a terminal of its own and answering its questions."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

CHUNK = 4096
TICK_S = 0.2


class Spoken(NamedTuple):
    """How it ended; ``rc`` is None where it did not answer in time and was stopped."""

    rc: Optional[int]
    out: str


Answers = Sequence[Tuple["re.Pattern[bytes]", Callable[[], bytes]]]


def converse(argv: List[str], answers: Answers, timeout_s: Optional[float], echo: bool, cwd: Optional[str]) -> Spoken:
    """Run ``argv``; each time one of the patterns is seen, type what belongs to it.

    The time limit is for each question. An answer that raises stops the program.
    """
    master, slave = pty.openpty()
    if not echo:
        modes = termios.tcgetattr(slave)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, modes)
    process = subprocess.Popen(
        argv,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - one ioctl; programs that ask for passwords open /dev/tty
    )
    os.close(slave)
    try:
        out, in_time = _talk(process, master, answers, timeout_s)
        rc = process.wait() if in_time else None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(master)
    return Spoken(rc, out.decode("utf-8", "surrogateescape"))


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _talk(process: Any, master: int, answers: Answers, timeout_s: Optional[float]) -> Tuple[bytes, bool]:
    heard, unread = b"", b""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        ended = process.poll() is not None
        ready, _, _ = select.select([master], [], [], 0 if ended else TICK_S)
        data = _read(master) if ready else b""
        heard, unread = heard + data, unread + data
        found = [(match.start(), match.end(), answer) for match, answer in _found(answers, unread)]
        if found:
            _, end, answer = min(found, key=lambda each: each[:2])
            unread = unread[end:]
            os.write(master, answer())
            deadline = None if timeout_s is None else time.monotonic() + timeout_s
        elif ended and not data:
            return heard, True
        elif deadline is not None and time.monotonic() > deadline:
            return heard, False


def _found(answers: Answers, text: bytes) -> List[Tuple[Any, Callable[[], bytes]]]:
    tried = [(pattern.search(text), answer) for pattern, answer in answers]
    return [(match, answer) for match, answer in tried if match is not None and match.end() > 0]


def _read(master: int) -> bytes:
    try:
        return os.read(master, CHUNK)
    except OSError:  # the last one who had the terminal open has closed it
        time.sleep(TICK_S / 10)
        return b""
