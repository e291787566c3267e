"""A stand-in for a running HAProxy: one backend behind a runtime socket, and a master that knows a worker left over."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

HEAD = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,\n"


@dataclass
class RunningHaproxy:
    """What it holds: servers with their status and sessions, writes under way, and the orders it was given."""

    path: Path
    servers: dict[str, str]
    sessions: dict[str, list[int]] = field(default_factory=dict)
    writing: list[int] | None = field(default_factory=lambda: [0])
    pid: int = 100
    old_workers: tuple[int, ...] = ()
    comes_up_as: str = "UP"
    orders: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.link = socket.socket(socket.AF_UNIX)
        self.link.bind(str(self.path))
        self.link.listen(8)
        threading.Thread(target=self._serve, name="stand-in", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                asker, _ = self.link.accept()
            except OSError:
                return
            with asker:
                asker.sendall(self.answer(asker.recv(4096).decode().strip()).encode())

    def close(self) -> None:
        """End it."""
        self.link.close()

    def answer(self, command: str) -> str:
        """Return what it says to a command."""
        command = re.sub(r"^@!\d+ ", "", command)
        if command.startswith("show stat"):
            rows = [
                f"site,{name},0,0,{self._next(self.sessions.get(name))},0,,0,0,0,,0,,0,0,0,0,{status},"
                for name, status in self.servers.items()
            ]
            return HEAD + "\n".join([*rows, "site,BACKEND,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,"]) + "\n\n"
        if command.startswith("show table"):
            if self.writing is None:
                return "No such table\n"
            under_way = self._next(self.writing)
            return f"# table: t, type: string, size:16, used:1\n0x1: key=writes use=0 exp=0 conn_cur={under_way}\n\n"
        if command == "show info":
            return f"Name: HAProxy\nPid: {self.pid}\n"
        if command == "show proc":
            left = "".join(
                f"{pid}            worker          1               0d00h00m43s     2.6\n" for pid in self.old_workers
            )
            return f"#<PID> <type>\n1 master 1\n# workers\n{self.pid} worker 0\n# old workers\n{left}# programs\n\n"
        return self._order(command)

    @staticmethod
    def _next(counts: list[int] | None) -> int:
        if not counts:
            return 0
        return counts.pop(0) if len(counts) > 1 else counts[0]

    def _order(self, command: str) -> str:
        self.orders.append(command)
        if command.startswith("shutdown sessions server"):
            self.sessions[command.rpartition("/")[2]] = [0]
            return "\n"
        _, _, where, _, state = command.split()
        name = where.partition("/")[2]
        if name not in self.servers:
            return "No such server.\n"
        self.servers[name] = self.comes_up_as if state == "ready" else "MAINT"
        return "\n"
