"""Starting a worker: find Python, become the user, send the code, wait for the greeting. One exec, no file on the host.

The script runs candidates until one is new enough, says READY and becomes that interpreter, which reads the blob from
its standard input. Where no password can be asked for, the blob is sent without waiting for READY.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Become, Target
from provisioner.records import dataclass
from provisioner.remote import protocol

from .become import WANTS_TERMINAL, Dialogue, Elevation, elevate, explain
from .failures import ElevationFailed, NoInterpreter, masked, where
from .pipe import Inbound, Pipe, Stream, Tail

READY = b"@provisioner:ready@"
NONE = b"@provisioner:none@"
CANDIDATES = (
    *(f"python3.{minor}" for minor in range(13, 5, -1)),
    "python3",
    "/usr/bin/python3",
    "/usr/local/bin/python3",
    "/usr/libexec/platform-python",
)
OTHERS = ("python3", "python2", "python")
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+~@%=, -]+")
MAX_NOISE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """What a worker said of itself when it came up. ``latency_s`` is one round trip as the connection measured it."""

    python: tuple[int, ...]
    executable: str
    uid: int
    pid: int
    boot_id: str
    time: float
    latency_s: float
    started_s: float


@dataclass(frozen=True, slots=True)
class Started:
    """A worker that is up: its pipe, the stream of its frames, what it says on standard error, its facts."""

    pipe: Pipe
    inbound: Inbound
    errors: Tail
    facts: Facts


def script(python: str, *, terminal: bool = False) -> str:
    """Return the POSIX shell text that turns into a worker. No quote, backslash or ``!``: any login shell passes it.

    How long the code is that it reads stands before the code, so that the host can be told to start while the code is
    still being made ready.
    """
    start = (
        "import io,os,zlib;i=io.BufferedReader(io.FileIO(os.dup(0)),65536);"
        "exec(zlib.decompress(i.read(int(i.readline()))))"
    )
    return choosing(python, f'-c "{start}"', terminal=terminal)


def choosing(python: str, what: str, *, terminal: bool = False) -> str:
    """Return the POSIX shell text that turns into a Python that is new enough, with ``what`` to run as its words."""
    names = CANDIDATES if python in ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent", "") else (python,)
    if not all(PLAIN_PATH.fullmatch(name) for name in names):
        raise NoInterpreter(f"'{python}' is no path of an interpreter")
    listed = " ".join(f'"{name}"' for name in names)
    others = " ".join(f'"{name}"' for name in dict.fromkeys((*names[:1], *OTHERS)))
    check = "import io,sys,zlib;sys.exit(sys.version_info<(3,6))"
    setting = "stty raw -echo;" if terminal else ""
    errors = " 2>/dev/null" if terminal else ""
    return (
        f'for p in {listed};do if "$p" -I -S -c "{check}" </dev/null >/dev/null 2>&1;'
        f"then {setting}echo {READY.decode()};"
        f'exec "$p" -I -S {what}{errors};fi;done;'
        f'for p in {others};do v=$("$p" -V 2>&1 </dev/null)&&echo @provisioner:found $p $v@;done;'
        f"echo {NONE.decode()};exit 127"
    )


class Starter:
    """Starts workers of one (target, become) on open connections.

    ``code`` is asked for what they start from while the host is already starting Python.
    """

    def __init__(self, target: Target, become: Become | None, code: Callable[[], bytes], timeout_s: float) -> None:
        self.target, self.become, self.code, self.timeout_s = target, become, code, timeout_s

    def start(self, open_pipe: Callable[[Elevation], Pipe]) -> Started:
        """Return a worker, or raise Unreachable; a method that insists on a terminal gets one at the second try."""
        try:
            return self._attempt(open_pipe, terminal=False)
        except ElevationFailed as error:
            if not WANTS_TERMINAL.search(str(error)):
                raise
        return self._attempt(open_pipe, terminal=True)

    def _attempt(self, open_pipe: Callable[[Elevation], Pipe], *, terminal: bool) -> Started:
        elevation = self._elevation(terminal=terminal)
        began = time.monotonic()
        pipe = open_pipe(elevation)
        try:
            return _Greeting(self, elevation, pipe, began).run()
        except BaseException:
            pipe.finish()
            raise

    def _elevation(self, *, terminal: bool) -> Elevation:
        try:
            text = script(self.target.python, terminal=terminal)
            elevation = elevate(text, self.become, terminal=terminal)
        except (NoInterpreter, ElevationFailed) as error:
            raise type(error)(f"{where(self.target)}: {error}") from None
        return self._elevation(terminal=True) if elevation.terminal and not terminal else elevation


class _Ended(Exception):
    """The command ended, or said too much, before the worker was up."""


class _Greeting:
    """The talk from the start of the command to the worker's greeting."""

    def __init__(self, starter: Starter, elevation: Elevation, pipe: Pipe, began: float) -> None:
        self.target, self.become, self.code = starter.target, starter.become, starter.code
        self.pipe, self.elevation, self.began = pipe, elevation, began
        self.deadline = began + starter.timeout_s
        self.timeout_s = starter.timeout_s
        self.errors = Tail()
        self.noise = b""
        self.ready = False
        self.dialogue = Dialogue(elevation, starter.become, pipe.write)

    def run(self) -> Started:
        """Return the worker or raise what says why not."""
        try:
            if self.elevation.prompt is not None or self.elevation.terminal:
                self._await(READY)
                self.ready = True
            self._send_code()
            self._await(protocol.MARKER)
            return self._hello()
        except ElevationFailed as error:
            raise self._elevation_failed(str(error)) from None
        except TimeoutError:
            said = self._said()
            heard = f"; it said: {said}" if said else ""
            raise Unreachable(f"{where(self.target)}: no worker came up within {self.timeout_s:g} s{heard}") from None
        except (_Ended, OSError, protocol.Broken, ValueError, KeyError) as error:
            raise self._not_started(error) from None

    def _send_code(self) -> None:
        code = self.code()
        try:
            self.pipe.write(code)
        except OSError:
            return  # the command has ended; what it said is still to be read and tells more

    def _await(self, token: bytes) -> None:
        """Read up to and with ``token``; what stands before it is noise, bounded."""
        while True:
            before, found, after = self.noise.partition(token)
            if found:
                self.noise = after
                self.errors.feed(before.rpartition(READY)[2].strip())
                return
            if len(self.noise) > MAX_NOISE:
                raise _Ended(f"more than {MAX_NOISE // 1024} KiB came before the worker's greeting")
            stream, data = self.pipe.receive(max(0.01, self.deadline - time.monotonic()))
            if stream is Stream.ERR:
                self.errors.feed(data)
            elif not data:
                raise _Ended("the command ended")
            else:
                self.noise += data
            if stream is Stream.ERR or self.elevation.terminal:
                self.dialogue.hear(data)

    def _hello(self) -> Started:
        inbound = Inbound(self.pipe, self.errors.feed)
        inbound.push_back(self.noise)
        inbound.timeout_s = max(0.01, self.deadline - time.monotonic())
        frame = protocol.read_head(inbound)
        if frame is None or frame[0] != protocol.HELLO:
            raise _Ended("the worker did not greet")
        head = frame[1]
        inbound.timeout_s = None
        facts = Facts(
            python=tuple(head["python"]),
            executable=head["executable"],
            uid=head["uid"],
            pid=head["pid"],
            boot_id=head["boot_id"],
            time=head["time"],
            latency_s=self.pipe.latency_s,
            started_s=time.monotonic() - self.began,
        )
        return Started(self.pipe, inbound, self.errors, facts)

    def _said(self) -> str:
        noise = self.noise.rpartition(READY)[2].decode("utf-8", "replace")
        text = "\n".join(part for part in (self.errors.text(), noise.strip()) if part)
        return masked(text, self.target, self.become)

    def _elevation_failed(self, reason: str) -> ElevationFailed:
        become = self.become or Become()
        return explain(self.target, become, reason, self._said())

    def _not_started(self, error: Exception) -> Unreachable:
        if NONE in self.noise:
            return self._no_python()
        reason = self.pipe.reason()
        if reason:
            return Unreachable(f"{where(self.target)}: {reason}")
        status = self.pipe.exit_status(1.0)
        ended = f"{error}" if status is None else f"{error} with status {status}"
        if self.become is not None and not self.ready and READY not in self.noise:
            refused = "the password was not accepted" if self.dialogue.answered else ended
            return self._elevation_failed(refused)
        said = self._said()
        heard = "".join(f"\n    it said: {line}" for line in said.splitlines()[-8:])
        return Unreachable(f"{where(self.target)}: the worker did not come up: {ended}{heard}")

    def _no_python(self) -> NoInterpreter:
        return no_python(self.target, self.noise)


def no_python(target: Target, said: bytes) -> NoInterpreter:
    """Return the error for a host whose shell found no Python that is new enough, from what it said."""
    found = re.findall(rb"@provisioner:found (.*?)@", said)
    listed = ", ".join(text.decode("utf-8", "replace") for text in found) or "none at all"
    tried = ", ".join(CANDIDATES) if target.python == "auto" else f"{target.python}, as configured"
    return NoInterpreter(
        f"{where(target)}: no Python 3.6 or newer found (looked for {tried}; there is: {listed})\n"
        "    hint: install python3 there (the raw module works without it), or set ansible_python_interpreter"
    )
