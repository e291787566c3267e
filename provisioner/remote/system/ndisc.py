"""Neighbour discovery of IPv6 on one interface: is an address taken, and telling everybody who has it now.

What ``arp`` does for IPv4, with the same names.
"""

import select
import socket
import struct
import time
from typing import NamedTuple, Optional

IPV6 = 0x86DD
ICMPV6 = 58
SOLICIT, ADVERT = 135, 136
NOBODY = b"\x00" * 16
EVERYBODY = socket.inet_pton(socket.AF_INET6, "ff02::1")
OVERRIDE = 0x20000000
HAS_MAC = b"\x02\x01"
HOPS = 255
HEADER = struct.Struct("!6s6sHIHBB16s16s")
MESSAGE = struct.Struct("!BBHI16s")


class Heard(NamedTuple):
    """What a message says: who has which address, or asks for it."""

    kind: int
    mac: bytes
    address: str


def packed(address: str) -> bytes:
    """Return an address as it is sent."""
    return socket.inet_pton(socket.AF_INET6, address)


def solicitation(mac: bytes, address: str) -> bytes:
    """Return the frame that asks who has ``address``, from one who has none yet."""
    target = packed(address)
    group = packed("ff02::1:ff00:0")[:13] + target[13:]
    return _frame(mac, NOBODY, group, MESSAGE.pack(SOLICIT, 0, 0, 0, target))


def advertisement(mac: bytes, address: str) -> bytes:
    """Return the frame that tells everybody that ``address`` is here, whatever they knew before."""
    target = packed(address)
    return _frame(mac, target, EVERYBODY, MESSAGE.pack(ADVERT, 0, 0, OVERRIDE, target) + HAS_MAC + mac)


def _frame(mac: bytes, source: bytes, group: bytes, message: bytes) -> bytes:
    total = _checksum(source + group + struct.pack("!II", len(message), ICMPV6) + message)
    message = message[:2] + struct.pack("!H", total) + message[4:]
    to = b"\x33\x33" + group[12:]
    return HEADER.pack(to, mac, IPV6, 6 << 28, len(message), ICMPV6, HOPS, source, group) + message


def _checksum(data: bytes) -> int:
    total = int(sum(struct.unpack("!%dH" % (len(data) // 2), data)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def parse(data: bytes) -> Optional[Heard]:
    """Return what a frame says, or None where it is no neighbour discovery."""
    if len(data) < HEADER.size + MESSAGE.size:
        return None
    _, mac, ethertype, _, _, protocol, hops, _, _ = HEADER.unpack(data[: HEADER.size])
    kind, _, _, _, target = MESSAGE.unpack(data[HEADER.size : HEADER.size + MESSAGE.size])
    if (ethertype, protocol, hops) != (IPV6, ICMPV6, HOPS) or kind not in (SOLICIT, ADVERT):
        return None
    return Heard(kind, mac, socket.inet_ntop(socket.AF_INET6, target))


class Interface:
    """One interface, to send and hear neighbour discovery on."""

    def __init__(self, name: str) -> None:
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV6))
        self.link.bind((name, IPV6))
        self.mac: bytes = self.link.getsockname()[4]

    def __enter__(self) -> "Interface":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def owner(self, address: str, wait_s: float = 0.2, tries: int = 2) -> Optional[bytes]:
        """Return the hardware address of another host that has ``address``, or None."""
        wanted = socket.inet_ntop(socket.AF_INET6, packed(address))
        for _ in range(tries):
            self.link.send(solicitation(self.mac, address))
            deadline = time.monotonic() + wait_s
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self.link], [], [], left)[0]:
                    break
                heard = parse(self.link.recv(2048))
                if heard is not None and heard.kind == ADVERT and heard.address == wanted and heard.mac != self.mac:
                    return heard.mac
        return None

    def announce(self, address: str, times: int = 3, pause_s: float = 0.02) -> None:
        """Tell everybody that ``address`` is here."""
        for number in range(times):
            if number:
                time.sleep(pause_s)
            self.link.send(advertisement(self.mac, address))
