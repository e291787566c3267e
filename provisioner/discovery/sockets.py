"""Addresses and ports as tools and the kernel write them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from provisioner.records import dataclass

ANY = frozenset({"*", "0.0.0.0", "::", "[::]", ""})  # noqa: S104 - read, not listened on


@dataclass(frozen=True, slots=True)
class Row:
    """One socket of the kernel's tables."""

    protocol: str
    address: str
    port: int
    peer: str
    peer_port: int
    state: str
    inode: str


def endpoint(text: str) -> tuple[str, int]:
    """Return address and port of ``1.2.3.4:80``, ``[::1]%lo:80``, ``*:80``; every address there is becomes ``*``."""
    address, _colon, port = text.rpartition(":")
    return plain_address(address), int(port) if port.isdigit() else 0


def plain_address(text: str) -> str:
    """Return an address without brackets, zone and IPv4 in IPv6; ``*`` for all addresses."""
    text = text.strip("[]").partition("%")[0].strip("[]")
    if text in ANY:
        return "*"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def program(name: str) -> str:
    """Return a program's name without what differs from process to process: ``nginx: worker`` and ``nginx`` are one."""
    return re.split(r"[:/ ]", name.strip())[0]


def kernel_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Read lines of /proc/net/tcp and its like, each behind the table's name."""
    for line in lines:
        words = line.split()
        if len(words) < 11 or ":" not in words[2] or words[1] == "sl":
            continue
        (address, port), (peer, peer_port) = _hex(words[2]), _hex(words[3])
        yield Row(words[0].rstrip("6"), address, port, peer, peer_port, words[4], words[10])


def _hex(text: str) -> tuple[str, int]:
    address, _colon, port = text.partition(":")
    raw = bytes.fromhex(address)
    swapped = b"".join(raw[place : place + 4][::-1] for place in range(0, len(raw), 4))
    return plain_address(str(ipaddress.ip_address(swapped))), int(port, 16)
