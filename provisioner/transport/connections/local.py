"""This machine itself: commands run as processes of the controller."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target
from provisioner.transport.process_pipe import ProcessPipe


class Connection:
    """Nothing to connect: every command is a process. There are no pseudo-terminals here."""

    def __init__(self, target: Target, notice: Callable[[str], None]) -> None:
        self.target, self.notice = target, notice
        self._pipes: list[ProcessPipe] = []
        self.alive = True

    @property
    def open_pipes(self) -> int:
        """Return how many processes are in use."""
        return sum(not pipe.closed for pipe in self._pipes)

    def open(self) -> None:
        """Nothing to do."""

    def start(self, command: str, *, terminal: bool = False) -> ProcessPipe:
        """Start ``command`` by the POSIX shell, as a login shell of a remote host would."""
        if terminal:
            raise Unreachable(f"host {self.target.host}: the local connection has no pseudo-terminal to give")
        pipe = ProcessPipe(["/bin/sh", "-c", command])
        self._pipes = [*(each for each in self._pipes if not each.finished), pipe]
        return pipe

    def abort(self) -> None:
        """End every process's input."""
        self.alive = False
        for pipe in self._pipes:
            pipe.close()

    def close(self) -> None:
        """End every process, giving each a moment to finish what it is doing."""
        self.abort()
        for pipe in self._pipes:
            pipe.finish()
