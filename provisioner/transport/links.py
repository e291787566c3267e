"""One connection a host, shared by its sessions: opened once, a failure remembered, a second one when it is full."""

from __future__ import annotations

import threading
from collections.abc import Callable

from provisioner import catalog
from provisioner.diagnostics.errors import TargetError, Unreachable
from provisioner.model.target import Target
from provisioner.records import dataclass

from .failures import where
from .pipe import Connection, Pipe

CLOSING_S = 2.0
ALIASES = {"smart": "ssh", "paramiko": "ssh", "paramiko_ssh": "ssh"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the transport.

    ``connecting`` logins run at a time; ``pipes`` are opened on one connection (OpenSSH's MaxSessions is 10) before
    another is made; a worker has ``start_s`` to come up; closing everything takes at most about ``close_s``.
    """

    connecting: int = 24
    pipes: int = 8
    start_s: float = 45.0
    close_s: float = 5.0


Notice = Callable[[str], None]


def connection_type(target: Target) -> Callable[[Target, Notice], Connection]:
    """Return the connection type the target names; every type is one file, found by the catalog."""
    name = target.connection.rpartition(".")[2]
    name = ALIASES.get(name, name)
    known = catalog.names("connection")
    if name not in known:
        hint = f"ansible_connection is one of {', '.join(sorted(known))}, or a plugin that an installed Ansible has"
        raise Unreachable(f"host {target.host}: there is no connection type '{target.connection}'\n    hint: {hint}")
    connection: Callable[[Target, Notice], Connection] = catalog.load("connection", name).Connection
    return connection


def prepare(target: Target) -> None:
    """Import what connects to the target; in threads of many sessions it would compete with all else that goes on.

    What is wrong with the type, or with a file of somebody else's, is told where it is connected.
    """
    try:
        connection_type(target)
    except (Unreachable, ImportError):
        pass


class Link:
    """The way to one target. Sessions of several users open their pipes here, from their own threads."""

    def __init__(self, target: Target, limits: Limits, gate: threading.BoundedSemaphore, notice: Notice) -> None:
        self.target = target
        self._limits, self._gate, self._notice = limits, gate, notice
        self._lock = threading.Lock()
        self._connections: list[Connection] = []
        self._opening: Connection | None = None
        self._error: TargetError | None = None
        self._closed = False

    def start(self, command: str, *, terminal: bool = False) -> Pipe:
        """Start a command, connecting first where needed; raises Unreachable, at once when connecting failed before."""
        with self._lock:
            if self._error is not None:
                raise self._error
            connection = self._usable()
            try:
                return connection.start(command, terminal=terminal)
            except (OSError, EOFError) as error:
                raise Unreachable(f"{where(self.target)}: no command could be started: {error}") from None

    def _usable(self) -> Connection:
        self._connections = [each for each in self._connections if each.alive or each.open_pipes]
        for connection in self._connections:
            if connection.alive and connection.open_pipes < self._limits.pipes:
                return connection
        try:
            connection = connection_type(self.target)(self.target, self._notice)
            with self._gate:
                self._opening = connection
                if self._closed:
                    raise Unreachable(f"{where(self.target)}: the run is over")
                connection.open()
        except TargetError as error:
            self._error = error
            raise
        finally:
            self._opening = None
        self._connections.append(connection)
        return connection

    def stop_opening(self) -> None:
        """Cut a login under way and allow no other."""
        self._closed = True
        opening = self._opening
        if opening is not None:
            opening.abort()

    def abort(self) -> None:
        """Cut every connection at once."""
        self.stop_opening()
        for connection in list(self._connections):
            connection.abort()

    def close(self) -> None:
        """Close every connection."""
        self.abort()
        locked = self._lock.acquire(timeout=CLOSING_S)  # a thread may hang in a name's resolution, which nothing ends
        try:
            for connection in self._connections:
                connection.close()
            self._connections = []
        finally:
            if locked:
                self._lock.release()
