"""The lease of a host: one run at a time works on it, and whoever comes second is told who does.

The lease is a socket with a name in the kernel's abstract space (unix(7)): it is freed by the death of its holder, by
whatever cause, seen by all users of the host, and there is no file that could be left behind. The holder answers
everybody who connects with who it is; runs of the same controller's run share it, and the next of them takes it over
when the holder goes.
"""

import json
import socket
import struct
import threading
from typing import Any, Dict, Optional

NAME = "\0provisioner-lease"
ANSWER_S = 2.0
LONGEST = 4096


class Lease:
    """This worker's part in the lease."""

    def __init__(self, mine: Dict[str, Any]) -> None:
        """``mine`` is what others are told: at least ``run``, ``owner``, ``reason`` and ``since``."""
        self.mine = mine
        self._stream: Optional[socket.socket] = None

    @property
    def is_held(self) -> bool:
        """Tell whether this worker has a part in the lease."""
        return self._stream is not None

    def release(self) -> None:
        """Let others have the host: whoever works for this run was not heard of for a while."""
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            except OSError:
                pass
            stream.close()

    def take(self) -> Optional[Dict[str, Any]]:
        """Take the lease, or share it with a worker of the same run; return the holder where another run has it."""
        listening = _bound()
        if listening is not None:
            self._start(self._answer, listening)
            return None
        connection = _connected()
        if connection is None:
            return self.take()  # freed this moment
        holder = _heard(connection)
        if holder.get("run") != self.mine["run"]:
            connection.close()
            return holder
        self._start(self._succeed, connection)
        return None

    def _start(self, work: Any, stream: socket.socket) -> None:
        self._stream = stream
        thread = threading.Thread(target=work, args=(stream,))
        thread.daemon = True
        thread.start()

    def _answer(self, listening: socket.socket) -> None:
        """Tell everybody who asks; connections stay open, so that their ends see it when this process goes."""
        told = []
        text = json.dumps(self.mine).encode("utf-8")
        while self._stream is listening:
            try:
                connection = listening.accept()[0]
                connection.setblocking(False)
                connection.send(text)
            except OSError:
                continue
            told.append(connection)
            del told[:-64]
        for connection in told:
            connection.close()

    def _succeed(self, connection: socket.socket) -> None:
        """Wait for the end of the holder, a worker of the same run, and take its place."""
        connection.settimeout(None)
        try:
            while connection.recv(LONGEST):
                pass
        except OSError:
            pass
        connection.close()
        if self._stream is connection:
            self.take()


def _bound() -> Optional[socket.socket]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(NAME)
    except OSError:
        listening.close()
        return None
    listening.listen(64)
    return listening


def _connected() -> Optional[socket.socket]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_S)
    try:
        connection.connect(NAME)
    except OSError:
        connection.close()
        return None
    return connection


def _heard(connection: socket.socket) -> Dict[str, Any]:
    """Return what the holder says of itself, and what the kernel says of it: only that is sure."""
    pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        holder = json.loads(connection.recv(LONGEST).decode("utf-8"))
    except (OSError, ValueError):
        holder = {}
    if not isinstance(holder, dict):
        holder = {}
    holder.update(pid=pid, uid=uid)
    return holder
