"""Addresses and routes asked from the kernel over a netlink socket: what ``ip`` prints, without starting it."""

import socket
import struct
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

NEW_LINK, GET_LINK, NEW_ADDRESS, GET_ADDRESS, NEW_ROUTE, GET_ROUTE = 16, 18, 20, 22, 24, 26
DOWN = 2
REQUEST, DUMP = 1, 0x300
DONE, ERROR = 3, 2
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host"}
LOCAL_TABLE = 255
LOCAL_ROUTE = 2


class Link(NamedTuple):
    """One interface of this network namespace; ``kind`` is the kernel's number for its hardware."""

    number: int
    name: str
    kind: int
    hardware: str
    mtu: int
    active: bool
    promiscuous: bool


class Address(NamedTuple):
    """One address of an interface."""

    number: int
    family: int
    address: str
    prefix: int
    broadcast: str
    scope: str
    label: str


class Route(NamedTuple):
    """One route; ``number`` is the interface's number or 0."""

    destination: str
    prefix: int
    gateway: str
    source: str
    number: int
    table: int
    kind: int


def links() -> List[Link]:
    """Return every interface there is, which /sys does not know in some containers."""
    found = []
    for answer, body in _ask(GET_LINK, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0), DUMP):
        if answer != NEW_LINK:
            continue
        _, _, kind, index, _, _ = struct.unpack_from("=BBHiII", body)
        given = _attributes(body[16:])
        found.append(
            Link(
                index,
                given.get(3, b"").rstrip(b"\0").decode("utf-8", "replace"),
                kind,
                ":".join("%02x" % byte for byte in given.get(1, b"")),
                _number(given.get(4)),
                given.get(16, b"\0")[0] != DOWN,
                _number(given.get(30)) > 0,
            )
        )
    return found


def _number(packed: Optional[bytes]) -> int:
    value: int = struct.unpack("=I", packed)[0] if packed else 0
    return value


def addresses() -> List[Address]:
    """Return every address of every interface."""
    found = []
    for kind, body in _ask(GET_ADDRESS, struct.pack("=BBBBI", 0, 0, 0, 0, 0), DUMP):
        if kind != NEW_ADDRESS:
            continue
        family, prefix, _, scope, index = struct.unpack_from("=BBBBI", body)
        given = _attributes(body[8:])
        address = given.get(2) or given.get(1) or b""  # the local end, or the only one
        found.append(
            Address(
                index,
                family,
                _spelled(family, address),
                prefix,
                _spelled(family, given.get(4, b"")),
                SCOPES.get(scope, str(scope)),
                given.get(3, b"").rstrip(b"\0").decode("utf-8", "replace"),
            )
        )
    return found


def route_to(family: int, destination: str) -> Optional[Route]:
    """Return how the kernel would reach an address, or None where it cannot."""
    packed = socket.inet_pton(family, destination)
    head = struct.pack("=BBBBBBBBI", family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    attribute = struct.pack("=HH", 4 + len(packed), 1) + packed
    for kind, body in _ask(GET_ROUTE, head + attribute, 0):
        if kind == NEW_ROUTE:
            return _route(body)
    return None


def local_routes(family: int) -> List[Route]:
    """Return what the kernel itself answers to."""
    head = struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0)
    routes = [_route(body) for kind, body in _ask(GET_ROUTE, head, DUMP) if kind == NEW_ROUTE]
    return [route for route in routes if route.table == LOCAL_TABLE and route.kind == LOCAL_ROUTE]


def _route(body: bytes) -> Route:
    family, prefix, _, _, table, _, _, kind, _ = struct.unpack_from("=BBBBBBBBI", body)
    given = _attributes(body[12:])
    index = struct.unpack("=I", given[4])[0] if 4 in given else 0
    if 15 in given:
        table = struct.unpack("=I", given[15])[0]
    texts = [_spelled(family, given.get(number, b"")) for number in (1, 5, 7)]
    return Route(texts[0], prefix, texts[1], texts[2], index, table, kind)


def _spelled(family: int, packed: bytes) -> str:
    return socket.inet_ntop(family, packed) if packed else ""


def _attributes(data: bytes) -> Dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def _ask(kind: int, body: bytes, flags: int) -> Iterator[Tuple[int, bytes]]:
    netlink: Any = socket.AF_NETLINK
    with socket.socket(netlink, socket.SOCK_RAW, 0) as channel:
        channel.settimeout(2.0)
        channel.bind((0, 0))
        channel.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | flags, 1, 0) + body)
        ended = False
        while not ended:
            data = channel.recv(1 << 18)
            while len(data) >= 16:
                length, answer = struct.unpack_from("=IH", data)
                if answer in (DONE, ERROR) or length < 16:
                    ended = True
                    break
                yield answer, data[16:length]
                data = data[(length + 3) & ~3 :]
            ended = ended or not flags & DUMP
