"""Reading what a started program writes while it writes it, without waiting for what it leaves in the background."""

import os
import selectors
import subprocess
import time
from typing import IO, Any, Callable, Dict, List, Optional, Tuple

TICK_S = 0.1
CHUNK = 65536
KEPT = 16 * 1024 * 1024
"""How many bytes a program's two streams together may say; what is more is read and dropped."""
Hearer = Callable[[str, bytes], None]


class TooMuch(Exception):
    """The program said more than is kept; the only argument is how many bytes."""


def communicate(
    process: "subprocess.Popen[bytes]",
    stdin: Optional[bytes] = None,
    timeout_s: Optional[float] = None,
    hear: Optional[Hearer] = None,
) -> Tuple[bytes, bytes]:
    """Return (output, errors) once the program has ended; what it left running is not waited for.

    A program that starts a daemon hands it its own output pipes, so end of file may be hours away: after the
    program's end only what is already there is read. ``hear`` gets ("stdout" or "stderr", data) as it arrives.
    A timeout kills the program and raises subprocess.TimeoutExpired. Of more than KEPT bytes the rest is dropped while
    the program runs to its end; then TooMuch is raised.
    """
    heard: Dict[str, List[bytes]] = {"stdout": [], "stderr": []}
    said = [0]
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        _offer(selector, process.stdin, stdin)
        while selector.get_map():
            ended = process.poll() is not None
            events = selector.select(0 if ended else TICK_S)
            if ended and not any(key.data in heard for key, _ in events):
                break
            for key, _ in events:
                _serve(selector, key, heard, said, hear)
            if deadline is not None and time.monotonic() > deadline:
                process.kill()
                _close(process)
                process.wait()
                raise subprocess.TimeoutExpired(process.args, timeout_s or 0, b"".join(heard["stdout"]))
    _close(process)
    process.wait()
    if said[0] > KEPT:
        raise TooMuch(said[0])
    return b"".join(heard["stdout"]), b"".join(heard["stderr"])


def _offer(selector: selectors.BaseSelector, stream: Optional[IO[bytes]], data: Optional[bytes]) -> None:
    if stream is None:
        return
    if not data:
        stream.close()
        return
    os.set_blocking(stream.fileno(), False)
    selector.register(stream, selectors.EVENT_WRITE, memoryview(data))


def _serve(
    selector: selectors.BaseSelector,
    key: selectors.SelectorKey,
    heard: Dict[str, List[bytes]],
    said: List[int],
    hear: Optional[Hearer],
) -> None:
    stream: Any = key.fileobj
    if not isinstance(key.data, str):
        _feed(selector, stream, key.data)
        return
    data = os.read(key.fd, CHUNK)
    if not data:
        selector.unregister(stream)
        return
    said[0] += len(data)
    if said[0] > KEPT:
        return
    heard[key.data].append(data)
    if hear is not None:
        hear(key.data, data)


def _feed(selector: selectors.BaseSelector, stream: IO[bytes], left: memoryview) -> None:
    try:
        written = os.write(stream.fileno(), left[:CHUNK])
    except BrokenPipeError:
        written = len(left)  # it does not want the rest; its exit code tells whether that was a mistake
    selector.unregister(stream)
    if written < len(left):
        selector.register(stream, selectors.EVENT_WRITE, left[written:])
    else:
        stream.close()


def _close(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            try:
                stream.close()
            except BrokenPipeError:
                pass  # input that nobody read
