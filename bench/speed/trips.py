"""Counts round trips: how often a host answered after the controller had said something, over all connections.

    trips.py INTERFACE        each line on standard input is answered by the count since the last one

It listens at the lab's bridge. A TCP packet with data counts; one from a host counts as an answer if the packet with
data before it in this connection came from the controller. What is sent ahead is thus one trip, however many packets
it takes. The kernel filters out what carries no data, and only the headers are copied.
"""

from __future__ import annotations

import ctypes
import select
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Self

ANY_PROTOCOL = 3
ATTACH_FILTER = 26
HEADERS = 96
ROOM = 8 << 20
SSH_PORTS = frozenset({22})
# accept TCP over IPv4 that carries data: the packet is longer than its two headers
FILTER = (
    (0x28, 0, 0, 12), (0x15, 0, 11, 0x0800),  # Ethernet: is it IPv4?
    (0x30, 0, 0, 23), (0x15, 0, 9, 6),  # IP: is it TCP?
    (0xB1, 0, 0, 14), (0x50, 0, 0, 26), (0x54, 0, 0, 0xF0), (0x74, 0, 0, 2), (0x0C, 0, 0, 0), (0x07, 0, 0, 0),
    (0x28, 0, 0, 16), (0x2D, 0, 1, 0),  # IP: is the whole longer?
    (0x06, 0, 0, HEADERS), (0x06, 0, 0, 0),
)  # fmt: skip


class Listener:
    """Keeps who spoke last in each connection."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ANY_PROTOCOL))
        program = b"".join(struct.pack("HBBI", *step) for step in FILTER)
        kept = ctypes.create_string_buffer(program, len(program))
        self._socket.setsockopt(
            socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HL", len(FILTER), ctypes.addressof(kept))
        )
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self._socket.setblocking(False)
        self._socket.bind((interface, ANY_PROTOCOL))
        self._asked: set[bytes] = set()
        self.count = 0

    def read(self) -> None:
        """Take in all packets that wait."""
        while True:
            try:
                packet, address = self._socket.recvfrom(HEADERS)
            except BlockingIOError:
                return
            del address
            self._take(packet)

    def reset(self) -> int:
        """Return the count and begin anew."""
        count, self.count = self.count, 0
        self._asked.clear()
        return count

    def _take(self, packet: bytes) -> None:
        begin = 14 + (packet[14] & 0xF) * 4
        source, destination = struct.unpack_from("!HH", packet, begin)
        if destination in SSH_PORTS:
            self._asked.add(packet[26:34] + packet[begin : begin + 4])
        elif source in SSH_PORTS:
            turned = packet[30:34] + packet[26:30] + packet[begin + 2 : begin + 4] + packet[begin : begin + 2]
            if turned in self._asked:
                self._asked.discard(turned)
                self.count += 1

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._socket.fileno()


class Trips:
    """A listener in a process of its own."""

    def __init__(self, interface: str) -> None:
        command = [sys.executable, "-I", str(Path(__file__)), interface]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(10)
        self._process.stdout.close()  # type: ignore[union-attr]

    def since(self) -> int:
        """Return how many round trips there were since this was last asked."""
        self._process.stdin.write("\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        return int(self._process.stdout.readline())  # type: ignore[union-attr]


def main(interface: str) -> None:
    """Listen until standard input ends."""
    listener = Listener(interface)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        listener.read()
        if sys.stdin in ready:
            if not sys.stdin.readline():
                return
            print(listener.reset(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
