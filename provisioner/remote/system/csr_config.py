"""The configuration from which openssl makes a certificate signing request. No I/O."""

import re
from typing import Any, List, Optional, Sequence, Tuple

from ..change import Failed

USAGES = {
    "digitalsignature": "digitalSignature",
    "nonrepudiation": "nonRepudiation",
    "contentcommitment": "nonRepudiation",
    "keyencipherment": "keyEncipherment",
    "dataencipherment": "dataEncipherment",
    "keyagreement": "keyAgreement",
    "keycertsign": "keyCertSign",
    "certificatesign": "keyCertSign",
    "crlsign": "cRLSign",
    "encipheronly": "encipherOnly",
    "decipheronly": "decipherOnly",
}
SUBJECT = (
    ("C", "country_name"),
    ("ST", "state_or_province_name"),
    ("L", "locality_name"),
    ("O", "organization_name"),
    ("OU", "organizational_unit_name"),
    ("CN", "common_name"),
    ("emailAddress", "email_address"),
)
KINDS = {"dns": "DNS", "ip": "IP", "email": "email", "uri": "URI", "rid": "RID", "othername": "otherName"}
REASONS = {
    "key_compromise": "keyCompromise",
    "ca_compromise": "CACompromise",
    "affiliation_changed": "affiliationChanged",
    "superseded": "superseded",
    "cessation_of_operation": "cessationOfOperation",
    "certificate_hold": "certificateHold",
    "privilege_withdrawn": "privilegeWithdrawn",
    "aa_compromise": "AACompromise",
}
SHORT = {"E": "emailAddress", "email": "emailAddress"}
SPECIAL = re.compile(r"([\\\"'#$])")


def value(written: Any) -> str:
    """Return a value as the configuration holds it."""
    text = str(written)
    if "\n" in text or "\0" in text or "\r" in text:
        raise Failed("%r cannot be part of a certificate" % text)
    escaped = SPECIAL.sub(r"\\\1", text)
    return '"%s"' % escaped if text != text.strip() else escaped


def subject(params: Any) -> List[Tuple[str, str]]:
    """Return the subject's parts in order."""
    if params.subject_ordered is not None:
        pairs = [pair for each in params.subject_ordered for pair in each.items()]
    else:
        pairs = [(key, getattr(params, name)) for key, name in SUBJECT if getattr(params, name)]
        pairs += list((params.subject or {}).items())
    found = []
    for key, given in pairs:
        for each in given if isinstance(given, list) else [given]:
            found.append((SHORT.get(key, key), str(each)))
    return found


def alternative_names(params: Any) -> List[str]:
    """Return the alternative names: those given, else the common name."""
    if params.subject_alt_name:
        return list(params.subject_alt_name)
    common = [each for key, each in subject(params) if key in ("CN", "commonName")]
    return ["DNS:" + common[0]] if common and params.use_common_name_for_san else []


def text(params: Any) -> str:
    """Return the whole configuration."""
    lines = ["[req]", "prompt = no", "utf8 = yes", "string_mask = utf8only", "distinguished_name = dn"]
    extensions, sections = _extensions(params)
    if extensions:
        lines.append("req_extensions = ext")
    lines.append("[dn]")
    lines += ["%d.%s = %s" % (place, key, value(each)) for place, (key, each) in enumerate(subject(params))]
    if extensions:
        lines += ["[ext]", *extensions]
    return "\n".join([*lines, *sections]) + "\n"


def _extensions(params: Any) -> Tuple[List[str], List[str]]:
    found: List[str] = []
    sections: List[str] = []
    names = alternative_names(params)
    if names:
        found.append("subjectAltName = %s@san" % _critical(params.subject_alt_name_critical))
        sections += ["[san]", *_names(names, "")]
    if params.key_usage:
        usages = [USAGES.get(each.replace(" ", "").lower(), each) for each in params.key_usage]
        found.append("keyUsage = %s%s" % (_critical(params.key_usage_critical), ", ".join(map(value, usages))))
    if params.extended_key_usage:
        listed = ", ".join(map(value, params.extended_key_usage))
        found.append("extendedKeyUsage = %s%s" % (_critical(params.extended_key_usage_critical), listed))
    if params.basic_constraints:
        listed = ", ".join(map(value, params.basic_constraints))
        found.append("basicConstraints = %s%s" % (_critical(params.basic_constraints_critical), listed))
    if params.ocsp_must_staple:
        found.append("tlsfeature = %sstatus_request" % _critical(params.ocsp_must_staple_critical))
    constraints = _names(params.name_constraints_permitted or [], "permitted;")
    constraints += _names(params.name_constraints_excluded or [], "excluded;")
    if constraints:
        found.append("nameConstraints = %s@constraints" % _critical(params.name_constraints_critical))
        sections += ["[constraints]", *constraints]
    more, points = _identifiers(params), _points(params.crl_distribution_points)
    if points:
        more.append("crlDistributionPoints = %s" % ", ".join("crl%d" % number for number in range(len(points))))
    return found + more, sections + [line for point in points for line in point]


def _critical(critical: bool) -> str:
    return "critical, " if critical else ""


def _names(names: Sequence[str], prefix: str) -> List[str]:
    found = []
    for place, each in enumerate(names):
        kind, colon, rest = each.partition(":")
        if not colon or kind.lower() not in KINDS:
            raise Failed('Cannot parse Subject Alternative Name "%s" (unsupported by this module)' % each)
        found.append("%s%s.%d = %s" % (prefix, KINDS[kind.lower()], place, value(rest)))
    return found


def _identifiers(params: Any) -> List[str]:
    found = []
    if params.create_subject_key_identifier:
        found.append("subjectKeyIdentifier = hash")
    elif params.subject_key_identifier:
        found.append("subjectKeyIdentifier = " + _hexadecimal(params.subject_key_identifier))
    if params.authority_cert_issuer or params.authority_cert_serial_number is not None:
        raise Failed("authority_cert_issuer and authority_cert_serial_number are not supported in a request")
    if params.authority_key_identifier:
        digits = _hexadecimal(params.authority_key_identifier)
        size = len(digits) // 2
        found.append("2.5.29.35 = DER:30%02X80%02X%s" % (size + 2, size, digits))
    return found


def _hexadecimal(written: str) -> str:
    digits = written.replace(":", "").upper()
    if not re.match(r"^([0-9A-F]{2}){1,60}$", digits):
        raise Failed('Cannot parse key identifier "%s"' % written)
    return digits


def _points(points: Optional[List[Any]]) -> List[List[str]]:
    found = []
    for number, point in enumerate(points or []):
        if not point.get("full_name"):
            raise Failed("crl_distribution_points: full_name is needed")
        lines = ["[crl%d]" % number, "fullname = @crlnames%d" % number]
        if point.get("reasons"):
            lines.append("reasons = " + ", ".join(_reason(each) for each in point["reasons"]))
        found.append([*lines, "[crlnames%d]" % number, *_names(point["full_name"], "")])
    return found


def _reason(written: str) -> str:
    if written not in REASONS:
        raise Failed("crl_distribution_points: there is no reason %r; there are %s" % (written, ", ".join(REASONS)))
    return REASONS[written]
