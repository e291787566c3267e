"""ARP on one interface: is an address taken, and telling everybody in the network who has it now."""

import select
import socket
import struct
import time
from typing import NamedTuple, Optional

ARP = 0x0806
BROADCAST = b"\xff" * 6
NO_ADDRESS = socket.inet_ntoa(b"\x00" * 4)
NOBODY = b"\x00" * 6
REQUEST, REPLY = 1, 2
FRAME = struct.Struct("!6s6sHHHBBH6s4s6s4s")
PACKET_OTHERHOST = 3


class Heard(NamedTuple):
    """What an ARP frame says: who has which address."""

    kind: int
    mac: bytes
    address: str
    asked: str


def frame(kind: int, mac: bytes, sender: str, target: str) -> bytes:
    """Return a broadcast frame: ``sender`` asks for, or announces, ``target``."""
    target_mac = NOBODY if kind == REQUEST else mac
    return FRAME.pack(
        BROADCAST, mac, ARP, 1, 0x0800, 6, 4, kind, mac, socket.inet_aton(sender), target_mac, socket.inet_aton(target)
    )


def parse(data: bytes) -> Optional[Heard]:
    """Return what a frame says, or None where it is no ARP for Ethernet and IPv4."""
    if len(data) < FRAME.size:
        return None
    _, _, ethertype, hardware, protocol, _, _, kind, mac, sender, _, target = FRAME.unpack(data[: FRAME.size])
    if (ethertype, hardware, protocol) != (ARP, 1, 0x0800):
        return None
    return Heard(kind, mac, socket.inet_ntoa(sender), socket.inet_ntoa(target))


def shown(mac: bytes) -> str:
    """Return a hardware address as people write it."""
    return ":".join("%02x" % byte for byte in mac)


class Interface:
    """One interface, to send and hear ARP on."""

    def __init__(self, name: str) -> None:
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
        self.link.bind((name, ARP))
        self.mac: bytes = self.link.getsockname()[4]

    def __enter__(self) -> "Interface":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def owner(self, address: str, wait_s: float = 0.2, tries: int = 2) -> Optional[bytes]:
        """Return the hardware address of another host that has ``address``, or None."""
        for _ in range(tries):
            self.link.send(frame(REQUEST, self.mac, NO_ADDRESS, address))
            deadline = time.monotonic() + wait_s
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self.link], [], [], left)[0]:
                    break
                heard = parse(self.link.recv(2048))
                if heard is not None and heard.address == address and heard.mac != self.mac:
                    return heard.mac
        return None

    def announce(self, address: str, times: int = 3, pause_s: float = 0.02) -> None:
        """Tell everybody that ``address`` is here, in both ways that hosts understand."""
        for number in range(times):
            if number:
                time.sleep(pause_s)
            for kind in (REQUEST, REPLY):
                self.link.send(frame(kind, self.mac, address, address))
