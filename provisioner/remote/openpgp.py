"""OpenPGP public keys: taking armour off, splitting keyrings into keys, fingerprints. No gpg is needed for that."""

import base64
import binascii
import hashlib
import re
from typing import Iterator, List, NamedTuple, Tuple

PUBLIC_KEY, SUBKEY = 6, 14
ARMOUR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(.*?)\r?\n-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)


class NoKey(ValueError):
    """The data holds no OpenPGP public key."""


class Key(NamedTuple):
    """One public key: all its packets, and the fingerprints of itself and of its subkeys."""

    packets: bytes
    fingerprints: Tuple[str, ...]

    def answers_to(self, name: str) -> bool:
        """Tell whether ``name`` is a fingerprint, or a long or short id, of the key or of a subkey."""
        wanted = name.upper().replace(" ", "")
        wanted = wanted[2:] if wanted.startswith("0X") else wanted
        return len(wanted) >= 8 and any(print_.endswith(wanted) for print_ in self.fingerprints)


def keys_of(data: bytes) -> List[Key]:
    """Return the keys in armoured or binary data; NoKey where there are none."""
    found: List[Key] = []
    for kind, body, whole in _packets(_bare(data)):
        if kind == PUBLIC_KEY:
            found.append(Key(whole, (fingerprint(body),)))
        elif found:
            last = found[-1]
            more = (fingerprint(body),) if kind == SUBKEY else ()
            found[-1] = Key(last.packets + whole, last.fingerprints + more)
    if not found:
        raise NoKey("no OpenPGP public key in %d bytes" % len(data))
    return found


def fingerprint(body: bytes) -> str:
    """Return a key packet's fingerprint in upper-case hexadecimal."""
    if body[:1] == b"\x06":
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()
    if body[:1] == b"\x05":
        return hashlib.sha256(b"\x9a" + len(body).to_bytes(4, "big") + body).hexdigest().upper()
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()  # noqa: S324 - RFC 4880 says so


def _bare(data: bytes) -> bytes:
    if b"-----BEGIN PGP" not in data:
        return data
    parts = []
    for block in ARMOUR.findall(data):
        lines = [line.strip() for line in block.splitlines()]
        start = lines.index(b"") + 1 if b"" in lines else 0
        text = b"".join(line for line in lines[start:] if not line.startswith(b"="))
        try:
            parts.append(base64.b64decode(text, validate=True))
        except binascii.Error as error:
            raise NoKey("broken armour: %s" % error) from None
    return b"".join(parts)


def _packets(data: bytes) -> Iterator[Tuple[int, bytes, bytes]]:
    at = 0
    while at < len(data):
        if not data[at] & 0x80:
            raise NoKey("byte %d does not begin an OpenPGP packet" % at)
        kind, start, length = _header(data, at)
        if start + length > len(data):
            raise NoKey("the last packet is cut off")
        yield kind, data[start : start + length], data[at : start + length]
        at = start + length


def _header(data: bytes, at: int) -> Tuple[int, int, int]:
    """Return (kind, where the body begins, its length)."""
    first = data[at]
    if not first & 0x40:
        width = {0: 1, 1: 2, 2: 4}.get(first & 3)
        if width is None:
            return (first >> 2) & 15, at + 1, len(data) - at - 1
        return (first >> 2) & 15, at + 1 + width, int.from_bytes(data[at + 1 : at + 1 + width], "big")
    length = data[at + 1] if at + 1 < len(data) else 0
    if length < 192:
        return first & 63, at + 2, length
    if length < 224:
        return first & 63, at + 3, ((length - 192) << 8) + data[at + 2] + 192
    if length == 255:
        return first & 63, at + 6, int.from_bytes(data[at + 2 : at + 6], "big")
    raise NoKey("packets of partial length do not belong into keyrings")
