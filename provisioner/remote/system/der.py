"""Reading DER, the encoding of keys, requests and certificates: a tree of elements, and the parts that are compared.

Only what these three are made of is read; whatever is not well formed raises ValueError.
"""

import base64
import binascii
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s+(.*?)-----END \1-----", re.DOTALL)
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
RSA, EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
CURVES = {
    "1.2.840.10045.3.1.7": ("secp256r1", 256),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
    "1.3.132.0.33": ("secp224r1", 224),
    "1.2.840.10045.3.1.1": ("secp192r1", 192),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
}
OTHER_KEYS = {
    "1.2.840.10040.4.1": "DSA",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
FIXED_SIZES = {"X25519": 253, "Ed25519": 256, "X448": 448, "Ed448": 456}


class Element(NamedTuple):
    """One element: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> List["Element"]:
        """Return the elements inside."""
        return elements(self.content)


class Extension(NamedTuple):
    """One extension of a request or certificate."""

    oid: str
    critical: bool
    value: bytes


class Request(NamedTuple):
    """What a certificate signing request says."""

    version: int
    subject: Tuple[Tuple[str, str], ...]
    public_key: bytes
    extensions: Tuple[Extension, ...]
    algorithm: str
    raw_subject: bytes
    raw_extensions: Tuple[bytes, ...]


class Certificate(NamedTuple):
    """What a certificate says."""

    serial: int
    algorithm: str
    issuer: Tuple[Tuple[str, str], ...]
    not_before: str
    not_after: str
    subject: Tuple[Tuple[str, str], ...]
    public_key: bytes
    extensions: Tuple[Extension, ...]
    raw_subject: bytes
    signed: bytes
    signature: bytes
    version: int


def elements(data: bytes) -> List[Element]:
    """Return the elements that ``data`` is made of."""
    found, place = [], 0
    while place < len(data):
        start, tag = place, data[place]
        length, place = _length(data, place + 1)
        if place + length > len(data):
            raise ValueError("an element is cut off")
        found.append(Element(tag, data[place : place + length], data[start : place + length]))
        place += length
    return found


def _length(data: bytes, place: int) -> Tuple[int, int]:
    if place >= len(data):
        raise ValueError("an element has no length")
    first = data[place]
    if first < 0x80:
        return first, place + 1
    count = first & 0x7F
    if not 1 <= count <= 4 or place + 1 + count > len(data):
        raise ValueError("an element's length cannot be read")
    return int.from_bytes(data[place + 1 : place + 1 + count], "big"), place + 1 + count


def from_pem(data: bytes, *kinds: str) -> Optional[bytes]:
    """Return the first block of one of these kinds (``CERTIFICATE``), or the data itself where it is DER already."""
    for kind, body in PEM.findall(data):
        if kind.decode() in kinds:
            try:
                return base64.b64decode(b"".join(body.split()), validate=True)
            except binascii.Error:
                return None
    return data if data[:1] == b"0" else None


def oid(content: bytes) -> str:
    """Return an object identifier with dots."""
    numbers, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        raise ValueError("an empty identifier")
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in [first, numbers[0] - 40 * first, *numbers[1:]])


def request(data: bytes) -> Request:
    """Read a certificate signing request."""
    info, algorithm = elements(data)[0].children()[:2]
    parts = info.children()
    wanted: Tuple[Extension, ...] = ()
    raw: Tuple[bytes, ...] = ()
    for attribute in parts[3].children() if len(parts) > 3 else []:
        which, values = attribute.children()
        if oid(which.content) == EXTENSION_REQUEST:
            wanted = extensions(values.children()[0])
            raw = tuple(each.whole for each in values.children()[0].children())
    version = int.from_bytes(parts[0].content, "big") + 1
    kind = oid(algorithm.children()[0].content)
    return Request(version, name(parts[1]), parts[2].whole, wanted, kind, parts[1].whole, raw)


def certificate(data: bytes) -> Certificate:
    """Read a certificate."""
    info, algorithm, signature = elements(data)[0].children()[:3]
    parts = info.children()
    version = 1
    if parts[0].tag == 0xA0:
        version = parts[0].children()[0].content[-1] + 1
        parts = parts[1:]
    found: Tuple[Extension, ...] = ()
    for part in parts[6:]:
        if part.tag == 0xA3:
            found = extensions(part.children()[0])
    begin, end = (_time(each) for each in parts[3].children())
    kind = oid(algorithm.children()[0].content)
    serial = int.from_bytes(parts[0].content, "big")
    names = name(parts[2]), name(parts[4])
    return Certificate(
        serial,
        kind,
        names[0],
        begin,
        end,
        names[1],
        parts[5].whole,
        found,
        parts[4].whole,
        info.whole,
        signature.content[1:],
        version,
    )


def _time(element: Element) -> str:
    """Return a time as YYYYMMDDHHMMSSZ."""
    written = element.content.decode("ascii")
    if element.tag == 0x17:
        written = ("19" if int(written[:2]) >= 50 else "20") + written
    return written


def extensions(sequence: Element) -> Tuple[Extension, ...]:
    """Read a list of extensions."""
    found = []
    for each in sequence.children():
        parts = each.children()
        critical = len(parts) > 2 and parts[1].content != b"\0"
        found.append(Extension(oid(parts[0].content), critical, parts[-1].content))
    return tuple(found)


def name(sequence: Element) -> Tuple[Tuple[str, str], ...]:
    """Return the (identifier, value) pairs of a distinguished name, in order."""
    found = []
    for part in sequence.children():
        for pair in part.children():
            kind, value = pair.children()
            found.append((oid(kind.content), _text(value)))
    return tuple(found)


def _text(element: Element) -> str:
    coding = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}.get(element.tag, "utf-8")
    return element.content.decode(coding, "replace")


def key_kind(public_key: bytes) -> Dict[str, object]:
    """Return type, size and curve of a public key (SubjectPublicKeyInfo)."""
    algorithm, bits = elements(public_key)[0].children()
    parts = algorithm.children()
    kind = oid(parts[0].content)
    if kind == RSA:
        modulus, exponent = elements(bits.content[1:])[0].children()
        value = int.from_bytes(modulus.content, "big")
        found = {"type": "RSA", "size": value.bit_length(), "modulus": value}
        return dict(found, exponent=int.from_bytes(exponent.content, "big"))
    if kind == EC:
        curve, size = CURVES.get(oid(parts[1].content), (oid(parts[1].content), (len(bits.content) - 2) // 2 * 8))
        point = bits.content[2:]
        across, up = (int.from_bytes(half, "big") for half in (point[: len(point) // 2], point[len(point) // 2 :]))
        return {"type": "ECC", "curve": curve, "size": size, "x": across, "y": up}
    known = OTHER_KEYS.get(kind, "")
    if known == "DSA":
        p, q, g = (int.from_bytes(each.content, "big") for each in parts[1].children())
        y = int.from_bytes(elements(bits.content[1:])[0].content, "big")
        return {"type": "DSA", "size": p.bit_length(), "p": p, "q": q, "g": g, "y": y}
    if not known:
        raise ValueError("a kind of key that is not known: %s" % kind)
    return {"type": known, "size": FIXED_SIZES[known]}


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return an element made of these parts."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    written = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(written)]) + written + content


def number(value: int) -> bytes:
    """Return a whole number that is not negative as an element."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(dotted: str) -> bytes:
    """Return an object identifier as an element."""
    numbers = [int(each) for each in dotted.split(".")]
    found = b""
    for value in [numbers[0] * 40 + numbers[1], *numbers[2:]]:
        septets = [value & 0x7F]
        left = value >> 7
        while left:
            septets.append(left & 0x7F | 0x80)
            left >>= 7
        found += bytes(reversed(septets))
    return tlv(0x06, found)


def point_in_time(written: str) -> bytes:
    """Return YYYYMMDDHHMMSSZ as an element, in two digits of a year where certificates want that."""
    if 1950 <= int(written[:4]) < 2050:
        return tlv(0x17, written[2:].encode())
    return tlv(0x18, written.encode())
