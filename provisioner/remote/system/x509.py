"""Making and comparing certificates: what is signed is put together here, openssl only signs and verifies."""

import hashlib
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Failed
from . import der, openssl
from .system import System

SUBJECT_KEY, AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"
RSA_SIGNS = {
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
ECC_SIGNS = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
DSA_SIGNS = {"sha1": "1.2.840.10040.4.3", "sha224": "2.16.840.1.101.3.4.3.1", "sha256": "2.16.840.1.101.3.4.3.2"}
EDWARDS_SIGNS = {"Ed25519": "1.3.101.112", "Ed448": "1.3.101.113"}
SIGNS = {"RSA": RSA_SIGNS, "ECC": ECC_SIGNS, "DSA": DSA_SIGNS}
DIGESTS = {oid: digest for table in SIGNS.values() for digest, oid in table.items()}


class Signer(NamedTuple):
    """Who signs: a private key (PEM) with its public half, and the name that stands as issuer."""

    key: bytes
    passphrase: Optional[str]
    public: bytes
    raw_name: bytes
    key_identifier: bytes


def key_identifier(public_key: bytes) -> bytes:
    """Return the usual identifier of a public key: the SHA-1 of its bits."""
    bits = der.elements(public_key)[0].children()[1].content[1:]
    return hashlib.sha1(bits).digest()  # noqa: S324 - what RFC 5280 says


def own_identifier(certificate: der.Certificate) -> bytes:
    """Return the identifier that a certificate gives its key, or the usual one."""
    for extension in certificate.extensions:
        if extension.oid == SUBJECT_KEY:
            return der.elements(extension.value)[0].content
    return key_identifier(certificate.public_key)


def issued(
    system: System, request: der.Request, signer: Signer, times: Tuple[str, str], digest: str, extras: List[bytes]
) -> bytes:
    """Return a new certificate (DER) for ``request``; ``extras`` are extensions beside those asked for."""
    algorithm = _algorithm(signer.public, digest)
    serial = int.from_bytes(os.urandom(20), "big") >> 1
    wanted = [*request.raw_extensions, *extras]
    parts = [
        der.tlv(0xA0, der.number(2)),
        der.number(serial),
        algorithm,
        signer.raw_name,
        der.tlv(0x30, *(der.point_in_time(each) for each in times)),
        request.raw_subject,
        request.public_key,
    ]
    if wanted:
        parts.append(der.tlv(0xA3, der.tlv(0x30, *wanted)))
    signed = der.tlv(0x30, *parts)
    return der.tlv(0x30, signed, algorithm, der.tlv(0x03, b"\0", _signature(system, signer, signed, digest)))


def _algorithm(public: bytes, digest: str) -> bytes:
    kind = str(der.key_kind(public)["type"])
    if kind in EDWARDS_SIGNS:
        return der.tlv(0x30, der.identifier(EDWARDS_SIGNS[kind]))
    oid = SIGNS.get(kind, {}).get(digest.lower())
    if oid is None:
        raise Failed("a key of type %s cannot sign with digest %s" % (kind, digest))
    return der.tlv(0x30, der.identifier(oid), *([der.tlv(0x05)] if kind == "RSA" else []))


def _signature(system: System, signer: Signer, signed: bytes, digest: str) -> bytes:
    with openssl.Workshop(system) as shop:
        key = shop.put("key.pem", signer.key)
        pass_words = ["-passin", "env:KEY_PASSPHRASE"]
        if der.key_kind(signer.public)["type"] in EDWARDS_SIGNS:
            data = shop.put("data", signed)
            words = ["pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", data, *pass_words]
            out = openssl.must(system, words, b"", signer.passphrase)
        else:
            out = openssl.must(
                system, ["dgst", "-" + digest.lower(), "-sign", key, *pass_words], signed, signer.passphrase
            )
    return out.encode("utf-8", "surrogateescape")


def is_signed_by(system: System, certificate: der.Certificate, public: bytes) -> bool:
    """Tell whether the certificate's signature was made with the key of this public half."""
    with openssl.Workshop(system) as shop:
        key = shop.put("key.pem", openssl.pem("PUBLIC KEY", public).encode())
        signature = shop.put("signature", certificate.signature)
        digest = DIGESTS.get(certificate.algorithm)
        if digest:
            done = openssl.run(
                system, ["dgst", "-" + digest, "-verify", key, "-signature", signature], certificate.signed
            )
        else:
            data = shop.put("data", certificate.signed)
            words = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key, "-in", data, "-sigfile", signature]
            done = openssl.run(system, words)
    return done.rc == 0


def identifier_extensions(request: der.Request, policy: str, authority: Optional[bytes]) -> List[bytes]:
    """Return the extensions that name the keys: of the subject by ``policy``, of the issuer where given."""
    has = {extension.oid for extension in request.extensions}
    found = []
    if policy == "always_create" or (policy == "create_if_not_provided" and SUBJECT_KEY not in has):
        found.append(_extension(SUBJECT_KEY, der.tlv(0x04, key_identifier(request.public_key))))
    if authority is not None and AUTHORITY_KEY not in has:
        found.append(_extension(AUTHORITY_KEY, der.tlv(0x30, der.tlv(0x80, authority))))
    return found


def _extension(oid: str, value: bytes) -> bytes:
    return der.tlv(0x30, der.identifier(oid), der.tlv(0x04, value))


def says_the_same(certificate: der.Certificate, request: der.Request) -> bool:
    """Tell whether the certificate says of its subject what the request asks for."""
    if certificate.public_key != request.public_key or certificate.subject != request.subject:
        return False
    asked = {extension.oid: extension for extension in request.extensions}
    there = {extension.oid: extension for extension in certificate.extensions}
    extra = set(there) - set(asked) - {SUBJECT_KEY, AUTHORITY_KEY}
    return not extra and all(there.get(oid) == extension for oid, extension in asked.items())


def read_certificate(content: Optional[bytes]) -> Optional[der.Certificate]:
    """Return a certificate, None where the content is none."""
    data = der.from_pem(content or b"", "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE")
    try:
        return der.certificate(data) if data else None
    except (ValueError, IndexError):
        return None


def read_request(content: Optional[bytes]) -> Optional[der.Request]:
    """Return a certificate signing request, None where the content is none."""
    data = der.from_pem(content or b"", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    try:
        return der.request(data) if data else None
    except (ValueError, IndexError):
        return None


NAMES: Dict[str, str] = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "1.2.840.113549.1.9.1": "emailAddress",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
}


def spelled(name: Any) -> List[List[str]]:
    """Return a distinguished name as pairs of long name and value."""
    return [[NAMES.get(oid, oid), value] for oid, value in name]
