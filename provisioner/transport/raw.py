"""Commands for hosts without Python: each a pipe of its own, one after the other for a host and user."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import Reply
from provisioner.model.target import Become, Target
from provisioner.records import dataclass

from .become import Dialogue, Elevation, elevate, explain
from .bootstrap import READY
from .failures import ElevationFailed, masked, where
from .links import Link
from .outgoing import Done, Output
from .pipe import Pipe, Stream

MAX_OUTPUT = 64 * 1024 * 1024
OPENING_S = 45.0
SIGNALLED = 255


@dataclass(frozen=True, slots=True)
class Command:
    """A command line for the login user's shell. ``stdin`` is given to it, then its input ends."""

    line: str
    done: Done
    output: Output | None = None
    stdin: bytes = b""


class RawCommands:
    """Runs commands of one (target, become) in order, on a thread that lives while there is something to run."""

    def __init__(self, target: Target, become: Become | None, link: Link) -> None:
        self.target, self.become, self.link = target, become, link
        self._lock = threading.Lock()
        self._waiting: deque[Command] = deque()
        self._thread: threading.Thread | None = None
        self._pipe: Pipe | None = None
        self.closed = False

    def submit(self, command: Command) -> None:
        """Queue a command; its ``done`` is called once, from this object's thread, in order."""
        with self._lock:
            self._waiting.append(command)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"raw {self.target.host}", daemon=True)
                self._thread.start()

    def shut(self) -> None:
        """Let nothing more start and cut what runs."""
        self.closed = True
        pipe = self._pipe
        if pipe is not None:
            pipe.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; tell whether it was reached."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                command = self._waiting.popleft()
            command.done(self._reply(command))

    def _reply(self, command: Command) -> Reply:
        began, started = time.monotonic(), time.time()
        try:
            result = self._run(command)
        except TargetError as error:
            return Reply(error=error, started=started, seconds=time.monotonic() - began)
        return Reply(result=result, started=started, seconds=time.monotonic() - began)

    def _run(self, command: Command) -> dict[str, object]:
        elevation = Elevation(command.line)
        if self.become is not None:
            elevation = elevate(f"echo {READY.decode()};{command.line}", self.become)
        if self.closed:
            raise Unreachable(f"{where(self.target)}: the run is over")
        pipe = self._pipe = self.link.start(elevation.command, terminal=elevation.terminal)
        try:
            return _Talk(self, command, elevation, pipe).run()
        finally:
            pipe.finish()
            self._pipe = None


class _Talk:
    """One command from its start to its end."""

    def __init__(self, raw: RawCommands, command: Command, elevation: Elevation, pipe: Pipe) -> None:
        self.raw, self.target, self.become = raw, raw.target, raw.become
        self.command, self.elevation, self.pipe = command, elevation, pipe
        self.texts = {Stream.OUT: bytearray(), Stream.ERR: bytearray()}
        self.status: int | None = None

    def run(self) -> dict[str, object]:
        """Return rc, stdout and stderr."""
        if self.become is not None:
            self._elevate(self.become)
        try:
            if self.command.stdin:
                self.pipe.write(self.command.stdin)
            self.pipe.end_input()
        except OSError:
            pass  # a command need not read its input
        self._read(None, lambda _data: None, stop=None)
        if self.raw.closed:
            raise Lost(f"{where(self.target)}: the run ended while the command ran; whether it was done is not known")
        self.status = self.pipe.exit_status(5.0)
        if reason := self.pipe.reason():
            raise Lost(f"{where(self.target)}: contact was lost: {reason}; whether it was done is not known")
        if self.status is None:
            self.status = SIGNALLED
        texts = {stream.value: bytes(data).decode("utf-8", "surrogateescape") for stream, data in self.texts.items()}
        return {"rc": self.status, **texts}

    def _elevate(self, become: Become) -> None:
        """Answer the password prompt and read up to the sign that the other user's shell is there."""
        dialogue = Dialogue(self.elevation, become, self.pipe.write)
        try:
            found = self._read(OPENING_S, dialogue.hear, stop=READY + b"\n")
        except (ElevationFailed, OSError) as error:
            raise self._refused(become, f"{error}") from None
        if not found:
            raise self._refused(become, "the password was not accepted" if dialogue.answered else "the command ended")
        self.texts[Stream.ERR].clear()

    def _read(self, timeout_s: float | None, hear: Callable[[bytes], None], *, stop: bytes | None) -> bool:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while stop is None or not self._found(stop):
            left = None if deadline is None else max(0.01, deadline - time.monotonic())
            try:
                stream, data = self.pipe.receive(left)
            except TimeoutError:
                raise Lost(f"{where(self.target)}: the command did not end within {timeout_s:g} s") from None
            if not data:
                return False
            self._keep(stream, data)
            if stream is Stream.ERR or self.elevation.terminal:
                hear(data)
            if stop is None and self.command.output is not None:
                self.command.output(stream.value, data.decode("utf-8", "replace"))
        return True

    def _found(self, stop: bytes) -> bool:
        output = self.texts[Stream.OUT].replace(b"\r\n", b"\n")
        _before, found, after = output.partition(stop)
        if found:
            self.texts[Stream.OUT] = bytearray(after)
        return bool(found)

    def _keep(self, stream: Stream, data: bytes) -> None:
        kept = self.texts[stream]
        if len(kept) + len(data) > MAX_OUTPUT:
            raise Lost(
                f"{where(self.target)}: the command said more than {MAX_OUTPUT // 1024 // 1024} MiB; it was cut off"
            )
        kept += data

    def _refused(self, become: Become, reason: str) -> ElevationFailed:
        said = b"\n".join(bytes(self.texts[stream]) for stream in (Stream.ERR, Stream.OUT)).decode("utf-8", "replace")
        return explain(self.target, become, reason, masked(said.strip(), self.target, become))
