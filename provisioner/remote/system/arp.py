"""ARP on one interface: is an address taken, and telling everybody in the network who has it now."""

import socket
import struct
from typing import NamedTuple, Optional, Sequence

from .link import Link

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


class Interface(Link):
    """One interface, to send and hear ARP on."""

    ethertype = ARP

    def question(self, address: str) -> bytes:
        """Return the frame that asks who has ``address``."""
        return frame(REQUEST, self.mac, NO_ADDRESS, address)

    def answer(self, data: bytes, address: str) -> Optional[bytes]:
        """Return who has ``address`` by this frame; an announcement and a question of its owner count, too."""
        heard = parse(data)
        return heard.mac if heard is not None and heard.address == address else None

    def announcements(self, address: str) -> Sequence[bytes]:
        """Return both kinds of frames that hosts understand."""
        return [frame(kind, self.mac, address, address) for kind in (REQUEST, REPLY)]
