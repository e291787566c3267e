"""Certificates a server shows, with names and expiry. Only certificates leave the host, never keys beside them."""

from __future__ import annotations

import re
import warnings
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from provisioner.discovery.judging import Rule, expected, extra_is_informative, informative
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Item

PROBE = r"""
section pem
for place in $PLACES /var/lib/acme /var/lib/caddy /var/lib/postgresql /etc/pki/tls/certs; do
  [ -d "$place" ] || continue
  find "$place" -xdev \( -path /etc/ssl/certs -o -path /etc/ca-certificates -o -path /etc/pki/ca-trust \
      -o -name archive \
      -o -name .git -o -name site-packages -o -name dist-packages -o -name node_modules \) -prune -o \
      \( -type f -o -type l \) \
      \( -name '*.pem' -o -name '*.crt' -o -name '*.cer' -o -name '*.cert' -o -name '*.chain' \) \
      -print 2>/dev/null
done | sort -u | head -n 500 | while IFS= read -r each; do
  [ -r "$each" ] && awk -v path="$each" '
    /-----BEGIN (TRUSTED )?CERTIFICATE-----/ && n<3 {n++; print "@@ " path; on=1}
    on {print}
    /-----END (TRUSTED )?CERTIFICATE-----/ {on=0}' "$each"
done
[ -e /etc/ssl/certs/ssl-cert-snakeoil.pem ] && awk 'BEGIN{print "@@ /etc/ssl/certs/ssl-cert-snakeoil.pem"} {print}' \
  /etc/ssl/certs/ssl-cert-snakeoil.pem
needs_root 'folders that only root may read were not searched'
"""
RULES: tuple[Rule, ...] = (
    expected("*snakeoil*", "made anew on every machine"),
    informative("*", "another certificate; see that names and time are right", "serial"),
    informative("*", "another certificate; see that names and time are right", "fingerprint"),
    informative("*", "another certificate; see that names and time are right", "not_*"),
    extra_is_informative("more than the old server has"),
)
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def read(said: Sections) -> Finding:
    """Return every certificate; the second one of a file is the chain's next."""
    found = Finding()
    unread = []
    counts: dict[str, int] = {}
    for piece in f"\n{said.texts.get('pem', '')}".split("\n@@ ")[1:]:
        path, _newline, text = piece.partition("\n")
        counts[path] = counts.get(path, 0) + 1
        key = path if counts[path] == 1 else f"{path}#{counts[path]}"
        match = CERTIFICATE.search(text)
        try:
            if match is None:
                raise ValueError(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # old certificates break rules that were not yet made
                found.items[key] = _item(x509.load_pem_x509_certificate(match.group().encode("ascii")))
        except ValueError:
            unread.append(path)
    if unread:
        found.partly.append(f"not to be read as certificates: {', '.join(sorted(set(unread))[:5])}")
    return found


def _item(certificate: x509.Certificate) -> Item:
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "names": [*_names(certificate)],
        "not_before": _time(certificate.not_valid_before_utc),
        "not_after": _time(certificate.not_valid_after_utc),
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": f"SHA256:{certificate.fingerprint(hashes.SHA256()).hex()}",
        "key": _key(certificate),
    }


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = [str(name) for name in found.get_values_for_type(x509.DNSName)]
    return sorted(names + [str(name) for name in found.get_values_for_type(x509.IPAddress)])


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except ValueError:
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")
