"""Checks signatures made by ``ssh-keygen -Y sign``: people have these keys, agents and hardware tokens already.

The format is OpenSSH's (PROTOCOL.sshsig): a blob with the key, a namespace that says what was signed for, and the
signature over all of it with the digest of the message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from provisioner.records import dataclass

MAGIC = b"SSHSIG"
ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----(.*?)-----END SSH SIGNATURE-----", re.DOTALL)
DIGESTS = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
CURVES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}
RSA_DIGESTS: Mapping[bytes, type[hashes.HashAlgorithm]] = {
    b"rsa-sha2-256": hashes.SHA256,
    b"rsa-sha2-512": hashes.SHA512,
}


class BadSignature(Exception):
    """The signature does not hold; the text says why."""


@dataclass(slots=True)
class _Reader:
    """Reads SSH's length-prefixed strings."""

    data: bytes
    place: int = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        found = self.data[self.place : self.place + count]
        if len(found) != count:
            raise BadSignature("it is cut off")
        self.place += count
        return found

    def number(self) -> int:
        """Return the next four bytes as a number."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Return the next string."""
        return self.take(self.number())


def allowed_signers(text: str) -> dict[bytes, str]:
    """Return owners by public key, from lines of ``owner [options] type key``."""
    found: dict[bytes, str] = {}
    for line in text.splitlines():
        match = re.match(r"\s*([^#\s]\S*)\s.*?\b(?:ssh|ecdsa)-\S+\s+([A-Za-z0-9+/=]{16,})", line)
        if match:
            try:
                found[base64.b64decode(match.group(2), validate=True)] = match.group(1)
            except binascii.Error:
                continue
    return found


def signer(message: bytes, signature: str, namespace: str, owners: Mapping[bytes, str]) -> str:
    """Return who signed the message; BadSignature where nobody who is known did."""
    armour = ARMOUR.search(signature)
    if armour is None:
        raise BadSignature("it is no SSH signature")
    try:
        reader = _Reader(base64.b64decode("".join(armour.group(1).split()), validate=True))
    except binascii.Error:
        raise BadSignature("it is not whole") from None
    if reader.take(len(MAGIC)) != MAGIC or reader.number() != 1:
        raise BadSignature("it is of an unknown version")
    key, purpose, reserved, digest, signed = (reader.string() for _part in range(5))
    if purpose != namespace.encode():
        raise BadSignature(f"it was made for '{purpose.decode('utf-8', 'replace')}', not for '{namespace}'")
    if key not in owners:
        shown = base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")
        raise BadSignature(f"its key SHA256:{shown} is none of the signers")
    if digest not in DIGESTS:
        raise BadSignature("its digest is unknown")
    parts = (purpose, reserved, digest, DIGESTS[digest](message).digest())
    _check(key, signed, MAGIC + b"".join(len(part).to_bytes(4, "big") + part for part in parts))
    return owners[key]


def _check(key: bytes, signed: bytes, message: bytes) -> None:
    reader = _Reader(signed)
    kind, signature = reader.string(), reader.string()
    name = _Reader(key).string()
    try:
        public = load_ssh_public_key(name + b" " + base64.b64encode(key))
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, message)
        elif isinstance(public, rsa.RSAPublicKey) and kind in RSA_DIGESTS:
            public.verify(signature, message, padding.PKCS1v15(), RSA_DIGESTS[kind]())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            numbers = _Reader(signature)
            pair = (int.from_bytes(numbers.string(), "big") for _part in range(2))
            public.verify(encode_dss_signature(*pair), message, ec.ECDSA(CURVES[public.curve.name]()))
        else:
            raise BadSignature("keys of this kind cannot be checked here; use ed25519, ecdsa or rsa")
    except InvalidSignature:
        raise BadSignature("the file was changed after it was signed") from None
    except (ValueError, UnsupportedAlgorithm, KeyError):
        raise BadSignature("its key cannot be read") from None
