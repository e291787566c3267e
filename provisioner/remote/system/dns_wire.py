"""The DNS protocol as far as moving a record takes it: questions, answers, signed updates (RFC 1035, 2136, 8945)."""

import base64
import binascii
import hashlib
import hmac
import os
import re
import socket
import struct
import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..change import Failed

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
IN, ANY_CLASS, ANY_TYPE, TSIG = 1, 255, 255, 250
UPDATE = 5 << 11
FUDGE_S = 300
ALGORITHMS = {
    "hmac-sha1": hashlib.sha1,
    "hmac-sha224": hashlib.sha224,
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
RCODES = {
    1: "it does not understand",
    2: "it failed itself",
    3: "there is no such name",
    4: "it does not do that",
    5: "it refuses",
    8: "the record is not there",
    9: "it is not authoritative for the zone, or does not accept the key",
    10: "the name is not in the zone",
    16: "the signature is wrong",
    17: "it does not know the key",
    18: "its clock is too far from ours",
}


class Record(NamedTuple):
    """One resource record; the value as zone files have it."""

    name: str
    type: str
    ttl: int
    value: str


class Answer(NamedTuple):
    """What a server answers: its code, whether it is authoritative, and all records of all sections."""

    code: int
    is_authoritative: bool
    records: List[Record]


class Key(NamedTuple):
    """A TSIG key."""

    name: str
    algorithm: str
    secret: str


def name_to_wire(name: str) -> bytes:
    """Return a name as it is sent."""
    try:
        parts = [
            part.encode("idna") if re.search(r"[^\0-\x7f]", part) else part.encode() for part in name.split(".") if part
        ]
    except UnicodeError:
        raise Failed("'%s' is no name" % name) from None
    if any(len(part) > 63 for part in parts):
        raise Failed("'%s' is no name: a part is longer than 63" % name)
    return b"".join(struct.pack("B", len(part)) + part for part in parts) + b"\0"


def name_from_wire(data: bytes, at: int) -> Tuple[str, int]:
    """Return the name at a place, and the place behind it."""
    parts: List[str] = []
    end, jumps = -1, 0
    while True:
        length = data[at]
        if length >= 0xC0:
            end = at + 2 if end < 0 else end
            at = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            jumps += 1
            if jumps > 64:
                raise Failed("the DNS server's answer goes round in circles")
            continue
        at += 1
        if not length:
            return ".".join(parts) + ".", at if end < 0 else end
        parts.append(data[at : at + length].decode("ascii", "replace"))
        at += length


def value_to_wire(kind: str, value: str) -> bytes:
    """Return a record's value as it is sent."""
    try:
        if kind == "A":
            return socket.inet_aton(value)
        if kind == "AAAA":
            return socket.inet_pton(socket.AF_INET6, value)
    except OSError:
        raise Failed("'%s' is no value of a record of type %s" % (value, kind)) from None
    return name_to_wire(value)


def question(name: str, kind: str) -> bytes:
    """Return a question."""
    head = os.urandom(2) + struct.pack("!HHHHH", 0, 1, 0, 0, 0)
    return head + name_to_wire(name) + struct.pack("!HH", TYPES[kind], IN)


def replacement(zone: str, name: str, kind: str, ttl: int, values: Sequence[str]) -> bytes:
    """Return an update: the records of that name and type are these from now on."""
    head = os.urandom(2) + struct.pack("!HHHHH", UPDATE, 1, 0, 1 + len(values), 0)
    text = name_to_wire(zone) + struct.pack("!HH", TYPES["SOA"], IN)
    text += name_to_wire(name) + struct.pack("!HHIH", TYPES[kind], ANY_CLASS, 0, 0)
    for value in values:
        data = value_to_wire(kind, value)
        text += name_to_wire(name) + struct.pack("!HHIH", TYPES[kind], IN, ttl, len(data)) + data
    return head + text


def signed(message: bytes, key: Key, now: float) -> bytes:
    """Return a message with its signature."""
    if key.algorithm not in ALGORITHMS:
        raise Failed("unknown algorithm %s; there are: %s" % (key.algorithm, ", ".join(sorted(ALGORITHMS))))
    try:
        secret = base64.b64decode(key.secret, validate=True)
    except (binascii.Error, ValueError):
        raise Failed("the secret of the key %s is not base64" % key.name) from None
    name, algorithm = name_to_wire(key.name.lower()), name_to_wire(key.algorithm)
    moment = struct.pack("!HIH", int(now) >> 32, int(now) & 0xFFFFFFFF, FUDGE_S)
    variables = name + struct.pack("!HI", ANY_CLASS, 0) + algorithm + moment + struct.pack("!HH", 0, 0)
    mac = hmac.new(secret, message + variables, ALGORITHMS[key.algorithm]).digest()
    data = algorithm + moment + struct.pack("!H", len(mac)) + mac + message[:2] + struct.pack("!HH", 0, 0)
    more = struct.unpack_from("!H", message, 10)[0] + 1
    record = name + struct.pack("!HHIH", TSIG, ANY_CLASS, 0, len(data)) + data
    return message[:10] + struct.pack("!H", more) + message[12:] + record


def parse(data: bytes) -> Answer:
    """Return what an answer says."""
    try:
        return _parse(data)
    except (struct.error, IndexError):
        raise Failed("the DNS server's answer is not understood") from None


def _parse(data: bytes) -> Answer:
    _, flags, questions, *counts = struct.unpack_from("!HHHHHH", data)
    at = 12
    for _ in range(questions):
        at = name_from_wire(data, at)[1] + 4
    records, code = [], flags & 15
    for _ in range(sum(counts)):
        name, at = name_from_wire(data, at)
        kind, _, ttl, length = struct.unpack_from("!HHIH", data, at)
        at += 10
        if kind == TSIG:
            code = _signature_error(data, at) or code
        elif kind in NAMES:
            records.append(Record(name.lower(), NAMES[kind], ttl, _value(data, at, NAMES[kind], length)))
        at += length
    return Answer(code, bool(flags & 0x0400), records)


def _signature_error(data: bytes, at: int) -> int:
    at = name_from_wire(data, at)[1] + 8
    size = struct.unpack_from("!H", data, at)[0]
    return int(struct.unpack_from("!H", data, at + 2 + size + 2)[0])


def _value(data: bytes, at: int, kind: str, length: int) -> str:
    if kind == "A":
        return socket.inet_ntoa(data[at : at + 4])
    if kind == "AAAA":
        return socket.inet_ntop(socket.AF_INET6, data[at : at + 16])
    return name_from_wire(data, at)[0].lower()


class Server:
    """One DNS server, asked over TCP: answers come whole, and updates are not repeated by mistake."""

    def __init__(self, address: str, port: int = 53, timeout_s: float = 3.0) -> None:
        self.address, self.port, self.timeout_s = address, port, timeout_s

    def exchange(self, message: bytes) -> Answer:
        """Send a message; return the answer to it."""
        try:
            with socket.create_connection((self.address, self.port), self.timeout_s) as link:
                link.sendall(struct.pack("!H", len(message)) + message)
                size = struct.unpack("!H", _exactly(link, 2))[0]
                data = _exactly(link, size)
        except OSError as error:
            raise Failed("the DNS server %s does not answer: %s" % (self.address, error.strerror or error)) from None
        if data[:2] != message[:2]:
            raise Failed("the DNS server %s answers something else" % self.address)
        return parse(data)

    def records(self, name: str, kind: str) -> List[Record]:
        """Return the records of a name that this server has; none where it knows there are none."""
        answer = self.exchange(question(name, kind))
        if answer.code not in (0, 3):
            raise Failed("the DNS server %s does not tell %s: %s" % (self.address, name, said(answer.code)))
        wanted = name.rstrip(".").lower() + "."
        return [each for each in answer.records if each.name == wanted and each.type == kind]

    def zone_of(self, name: str) -> str:
        """Return the zone a name is in, as far as this server is authoritative for it."""
        parts = name.rstrip(".").split(".")
        for start in range(len(parts)):
            zone = ".".join(parts[start:]) + "."
            answer = self.exchange(question(zone, "SOA"))
            if answer.is_authoritative and any(r.type == "SOA" and r.name == zone.lower() for r in answer.records):
                return zone
        raise Failed("the DNS server %s is not authoritative for %s" % (self.address, name))

    def update(self, message: bytes, key: Optional[Key]) -> None:
        """Send an update, signed where there is a key."""
        answer = self.exchange(signed(message, key, time.time()) if key else message)
        if answer.code:
            raise Failed("the DNS server %s does not take the update: %s" % (self.address, said(answer.code)))


def _exactly(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise OSError("the connection was closed")
        data += part
    return data


def said(code: int) -> str:
    """Return an answer's code in words."""
    return RCODES.get(code, "code %d" % code)


def addresses_of(server: Server, zone: str) -> Dict[str, str]:
    """Return the zone's name servers and the address each is asked at."""
    found = {}
    for name in sorted(record.value for record in server.records(zone, "NS")):
        known = server.records(name, "A") or server.records(name, "AAAA")
        found[name] = known[0].value if known else _looked_up(name)
    return found


def _looked_up(name: str) -> str:
    try:
        return str(socket.getaddrinfo(name, 53, 0, socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Failed("the name server %s has no address: %s" % (name, error)) from None
