"""Report what a certificate says: names, times, keys, extensions, and whether it is valid at given times."""

import base64
import ipaddress
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required_one_of
from ..system import System, der, openssl, x509

TRAITS = Traits()
USAGES = (
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
)
PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "TLS Web Server Authentication",
    "1.3.6.1.5.5.7.3.2": "TLS Web Client Authentication",
    "1.3.6.1.5.5.7.3.3": "Code Signing",
    "1.3.6.1.5.5.7.3.4": "E-mail Protection",
    "1.3.6.1.5.5.7.3.8": "Time Stamping",
    "1.3.6.1.5.5.7.3.9": "OCSP Signing",
    "2.5.29.37.0": "Any Extended Key Usage",
}
ALGORITHMS = {
    **{oid: "%sWithRSAEncryption" % digest for digest, oid in x509.RSA_SIGNS.items()},
    **{oid: "ecdsa-with-%s" % digest.upper() for digest, oid in x509.ECC_SIGNS.items()},
    "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}


class Params(Parameters):
    """The certificate."""

    path: Optional[str] = optional("path", "The file.")
    content: Optional[str] = optional("str", "The certificate itself.")
    valid_at: Optional[Dict[str, str]] = optional("dict", "Points in time, relative (+7d) or absolute, by name.")
    name_encoding: str = optional(
        "str", "Accepted; names are left as they are.", "ignore", choices=("ignore", "idna", "unicode")
    )
    select_crypto_backend: str = optional(
        "str", "Accepted; no library is needed.", "auto", choices=("auto", "cryptography")
    )
    rules = (mutually_exclusive("path", "content"), required_one_of("path", "content"))


class State(NamedTuple):
    """The certificate."""

    certificate: der.Certificate
    data: bytes


def inspect(params: Params, system: System) -> State:
    """Read it."""
    content = params.content.encode() if params.content is not None else system.files.read_or_none(params.path or "")
    if content is None:
        raise Failed("The certificate file %s does not exist" % params.path)
    found = x509.read_certificate(content)
    if found is None:
        raise Failed("The certificate cannot be read: %s" % (params.path or "content"))
    return State(found, der.from_pem(content, "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE") or b"")


def plan(params: Params, state: State) -> Change:
    """Report; nothing is changed."""
    found = state.certificate
    now = time.strftime("%Y%m%d%H%M%SZ", time.gmtime())
    moments = {key: openssl.moment(str(each), "valid_at") for key, each in (params.valid_at or {}).items()}
    result: Dict[str, Any] = {
        "expired": found.not_after < now,
        "not_before": found.not_before,
        "not_after": found.not_after,
        "valid_at": {key: found.not_before <= each <= found.not_after for key, each in moments.items()},
        "serial_number": found.serial,
        "version": found.version,
        "signature_algorithm": ALGORITHMS.get(found.algorithm, found.algorithm),
        "subject": dict(x509.spelled(found.subject)),
        "subject_ordered": x509.spelled(found.subject),
        "issuer": dict(x509.spelled(found.issuer)),
        "issuer_ordered": x509.spelled(found.issuer),
        "public_key": openssl.pem("PUBLIC KEY", found.public_key),
        "public_key_fingerprints": openssl.fingerprints(found.public_key),
        "fingerprints": openssl.fingerprints(state.data),
    }
    result.update(_key(found.public_key))
    result.update(_extensions(found.extensions))
    return Change(False, result=result)


def _key(public: bytes) -> Dict[str, Any]:
    kind = der.key_kind(public)
    data = {key: value for key, value in kind.items() if key != "type"}
    if kind["type"] == "ECC":
        data["exponent_size"] = data.pop("size")
    return {"public_key_type": kind["type"], "public_key_data": data}


def _extensions(extensions: Any) -> Dict[str, Any]:
    found: Dict[str, Any] = {
        "extensions_by_oid": {
            each.oid: {"critical": each.critical, "value": base64.b64encode(each.value).decode()} for each in extensions
        }
    }
    readers = {
        "2.5.29.15": ("key_usage", _usages),
        "2.5.29.17": ("subject_alt_name", _names),
        "2.5.29.19": ("basic_constraints", _constraints),
        "2.5.29.37": ("extended_key_usage", _purposes),
    }
    there = {each.oid: each for each in extensions}
    for oid, (key, read) in readers.items():
        each = there.get(oid)
        found[key] = read(der.elements(each.value)[0]) if each else None
        found[key + "_critical"] = bool(each and each.critical)
    staple = there.get("1.3.6.1.5.5.7.1.24")
    found.update(
        ocsp_must_staple=staple is not None or None, ocsp_must_staple_critical=bool(staple and staple.critical)
    )
    own, other = there.get(x509.SUBJECT_KEY), there.get(x509.AUTHORITY_KEY)
    found["subject_key_identifier"] = _hexadecimal(der.elements(own.value)[0].content) if own else None
    found.update(_authority(other), **_access(there.get("1.3.6.1.5.5.7.1.1")))
    return found


def _authority(extension: Any) -> Dict[str, Any]:
    """Return what a certificate says of its issuer's: key, names, serial number."""
    parts = der.elements(extension.value)[0].children() if extension else []
    by_tag = {part.tag: part for part in parts}
    key, names, serial = (by_tag.get(tag) for tag in (0x80, 0xA1, 0x82))
    return {
        "authority_key_identifier": _hexadecimal(key.content) if key else None,
        "authority_cert_issuer": _names(names) if names else None,
        "authority_cert_serial_number": int.from_bytes(serial.content, "big") if serial else None,
    }


def _access(extension: Any) -> Dict[str, Optional[str]]:
    places = _places(der.elements(extension.value)[0]) if extension else {}
    return {"issuer_uri": places.get("1.3.6.1.5.5.7.48.2"), "ocsp_uri": places.get("1.3.6.1.5.5.7.48.1")}


def _places(element: der.Element) -> Dict[str, str]:
    """Return the first address of each kind of access to who issued a certificate."""
    found: Dict[str, str] = {}
    for each in element.children():
        kind, place = each.children()[:2]
        if place.tag == 0x86:
            found.setdefault(der.oid(kind.content), place.content.decode("utf-8", "replace"))
    return found


def _hexadecimal(data: bytes) -> str:
    return ":".join("%02x" % byte for byte in data)


def _usages(element: der.Element) -> List[str]:
    bits = "".join("{:08b}".format(byte) for byte in element.content[1:])
    return sorted(USAGES[place] for place, bit in enumerate(bits[:9]) if bit == "1")


def _purposes(element: der.Element) -> List[str]:
    return sorted(PURPOSES.get(oid, oid) for oid in (der.oid(each.content) for each in element.children()))


def _constraints(element: der.Element) -> List[str]:
    parts = element.children()
    found = ["CA:%s" % ("TRUE" if parts and parts[0].tag == 1 and parts[0].content != b"\0" else "FALSE")]
    lengths = [part for part in parts if part.tag == 2]
    return found + ["pathlen:%d" % int.from_bytes(each.content, "big") for each in lengths]


def _names(element: der.Element) -> List[str]:
    found = []
    for each in element.children():
        kinds = {0x81: "email", 0x82: "DNS", 0x86: "URI"}
        if each.tag in kinds:
            found.append("%s:%s" % (kinds[each.tag], each.content.decode("utf-8", "replace")))
        elif each.tag == 0x87:
            found.append("IP:%s" % ipaddress.ip_address(each.content))
        elif each.tag == 0xA4:
            pairs = x509.spelled(der.name(der.elements(each.content)[0]))
            found.append("dirName:%s" % ",".join("=".join(pair) for pair in pairs))
        elif each.tag == 0x88:
            found.append("RID:%s" % der.oid(each.content))
        else:
            found.append("other:%s" % _hexadecimal(each.content))
    return found


def apply(change: Change, system: System) -> None:
    """Do nothing: there is nothing to change."""


RETURNS = """
version: Version of the form.
subject: The subject.
subject_ordered: The subject, in its order.
issuer: Who signed it.
issuer_ordered: Who signed it, in its order.
not_before: Since when it is valid.
not_after: Until when it is valid.
expired: Whether that is over.
valid_at: For each moment asked for whether it is valid then.
serial_number: Its number.
signature_algorithm: How it is signed.
fingerprints: Fingerprints, by algorithm.
public_key: The public key.
public_key_type: The kind of key.
public_key_data: The numbers of the key.
public_key_fingerprints: Fingerprints of the key, by algorithm.
subject_alt_name: Other names.
subject_alt_name_critical: Whether nobody may overlook that.
basic_constraints: Whether it is an authority.
basic_constraints_critical: Whether nobody may overlook that.
key_usage: What the key may be used for.
key_usage_critical: Whether nobody may overlook that.
extended_key_usage: More of that.
extended_key_usage_critical: Whether nobody may overlook that.
ocsp_must_staple: Whether a stapled answer is demanded.
ocsp_must_staple_critical: Whether nobody may overlook that.
ocsp_uri: Where to ask whether it was revoked.
issuer_uri: Where the issuer's certificate is.
subject_key_identifier: Id of the key.
authority_key_identifier: Id of the issuer's key.
authority_cert_issuer: Names of the issuer's issuer.
authority_cert_serial_number: Number of the issuer's certificate.
extensions_by_oid: All extensions, by their numbers.
"""

EXAMPLES = """
- name: How long is it valid?
  x509_certificate_info:
    path: /etc/ssl/www.example.org.crt
    valid_at: {soon: +14d}
  register: certificate
"""
