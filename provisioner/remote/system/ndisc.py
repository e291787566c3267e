"""Neighbour discovery of IPv6 on one interface: is an address taken, and telling everybody who has it now.

What ``arp`` does for IPv4, with the same names.
"""

import socket
import struct
from typing import NamedTuple, Optional, Sequence

from .link import Link

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


class Interface(Link):
    """One interface, to send and hear neighbour discovery on."""

    ethertype = IPV6

    def question(self, address: str) -> bytes:
        """Return the frame that asks who has ``address``."""
        return solicitation(self.mac, address)

    def answer(self, data: bytes, address: str) -> Optional[bytes]:
        """Return who has ``address`` by this frame."""
        heard = parse(data)
        wanted = socket.inet_ntop(socket.AF_INET6, packed(address))
        return heard.mac if heard is not None and heard.kind == ADVERT and heard.address == wanted else None

    def announcements(self, address: str) -> Sequence[bytes]:
        """Return the frame that tells everybody."""
        return [advertisement(self.mac, address)]
