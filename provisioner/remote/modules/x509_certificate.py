"""Make a certificate from a request, signed by its own key or by a certification authority of yours.

The openssl program signs; what is signed is put together and compared here: subject, extensions, keys, issuer,
signature.
"""

import io
from typing import Any, Dict, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import FileParameters, mutually_exclusive, optional, required
from ..system import System, attributes, der, openssl, x509
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, place
from ..system.x509 import Signer

TRAITS = Traits()
POLICIES = ("create_if_not_provided", "always_create", "never_create")


class Params(FileParameters):
    """The certificate and who signs it."""

    original = "community.crypto.x509_certificate"
    beyond = frozenset(
        ["acme_accountkey_path", "acme_chain", "acme_challenge_path", "acme_directory",
         "entrust_api_client_cert_key_path", "entrust_api_client_cert_path", "entrust_api_key",
         "entrust_api_specification_path", "entrust_api_user", "entrust_cert_type", "entrust_not_after",
         "entrust_requester_email", "entrust_requester_name", "entrust_requester_phone",
         "provider=acme", "provider=entrust"]
    )  # fmt: skip
    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    provider: Optional[str] = optional("str", "Who signs.", choices=("acme", "entrust", "ownca", "selfsigned"))
    force: bool = optional("bool", "Make a new one each time.", False)
    csr_path: Optional[str] = optional("path", "The request.")
    csr_content: Optional[str] = optional("str", "The request itself.")
    privatekey_path: Optional[str] = optional("path", "The key of the subject.")
    privatekey_content: Optional[str] = optional("str", "That key itself.", no_log=True)
    privatekey_passphrase: Optional[str] = optional("str", "What it is encrypted with.", no_log=True)
    ignore_timestamps: bool = optional("bool", "Do not make a new one for other times.", True)
    selfsigned_version: int = optional("int", "The version of the format.", 3, choices=(3,))
    selfsigned_digest: str = optional("str", "What it is signed with.", "sha256")
    selfsigned_not_before: str = optional("str", "From when it is valid.", "+0s", aliases=("selfsigned_notBefore",))
    selfsigned_not_after: str = optional("str", "Until when.", "+3650d", aliases=("selfsigned_notAfter",))
    selfsigned_create_subject_key_identifier: str = optional(
        "str", "Whether to name the key.", "create_if_not_provided", choices=POLICIES
    )
    ownca_path: Optional[str] = optional("path", "The authority's certificate.")
    ownca_content: Optional[str] = optional("str", "That certificate itself.")
    ownca_privatekey_path: Optional[str] = optional("path", "The authority's key.")
    ownca_privatekey_content: Optional[str] = optional("str", "That key itself.", no_log=True)
    ownca_privatekey_passphrase: Optional[str] = optional("str", "What it is encrypted with.", no_log=True)
    ownca_digest: str = optional("str", "What it is signed with.", "sha256")
    ownca_version: int = optional("int", "The version of the format.", 3, choices=(3,))
    ownca_not_before: str = optional("str", "From when it is valid.", "+0s", aliases=("ownca_notBefore",))
    ownca_not_after: str = optional("str", "Until when.", "+3650d", aliases=("ownca_notAfter",))
    ownca_create_subject_key_identifier: str = optional(
        "str", "Whether to name the key.", "create_if_not_provided", choices=POLICIES
    )
    ownca_create_authority_key_identifier: bool = optional("bool", "Whether to name the authority's key.", True)
    backup: bool = optional("bool", "Keep the old one under a name with the time in it.", False)
    return_content: bool = optional("bool", "Return the certificate itself.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography")
    )
    rules = (
        mutually_exclusive("csr_path", "csr_content"),
        mutually_exclusive("privatekey_path", "privatekey_content"),
        mutually_exclusive("ownca_path", "ownca_content"),
        mutually_exclusive("ownca_privatekey_path", "ownca_privatekey_content"),
    )


class State(NamedTuple):
    """The certificate as it is, whether it is right, what is needed for a new one."""

    content: Optional[bytes]
    is_right: bool
    request: Optional[der.Request]
    signer: Optional[Signer]
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read the certificate, the request and the keys."""
    want = attributes.wanted(params)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path)
    now = attributes.current(system, params.path, want)
    if params.state == "absent":
        return State(content, True, None, None, want, now)
    if params.provider not in ("selfsigned", "ownca"):
        raise Failed("provider must be one of: ownca, selfsigned (got: %s)" % params.provider)
    request = _request(params, system)
    signer = _own_key(params, system, request) if params.provider == "selfsigned" else _authority(params, system)
    request = request or _bare_request(signer)
    is_right = _is_right(params, system, x509.read_certificate(content), (request, signer))
    return State(content, is_right, request, signer, want, now)


def _request(params: Params, system: System) -> Optional[der.Request]:
    if params.csr_path is None and params.csr_content is None:
        if params.provider == "ownca":
            raise Failed("csr_path or csr_content is required for provider ownca")
        return None
    content = (
        params.csr_content.encode()
        if params.csr_content is not None
        else system.files.read_or_none(params.csr_path or "")
    )
    if content is None:
        raise Failed("The certificate signing request file %s does not exist" % params.csr_path)
    found = x509.read_request(content)
    if found is None or not openssl.is_signed(system, content):
        raise Failed("The certificate signing request cannot be read, or its signature is wrong")
    return found


def _public(system: System, key: bytes, passphrase: Optional[str]) -> bytes:
    known = openssl.read_key(system, key, passphrase)
    if known.public is None:
        raise Failed("the private key cannot be read: %s" % known.problem)
    return known.public


def _own_key(params: Params, system: System, request: Optional[der.Request]) -> Signer:
    key = openssl.key_content(system, params.privatekey_path, params.privatekey_content)
    public = _public(system, key, params.privatekey_passphrase)
    if request is not None and request.public_key != public:
        raise Failed("Private key does not belong to Certificate Signing Request")
    name = request.raw_subject if request else der.tlv(0x30)
    return Signer(key, params.privatekey_passphrase, public, name, x509.key_identifier(public))


def _bare_request(signer: Signer) -> der.Request:
    return der.Request(1, (), signer.public, (), "", der.tlv(0x30), ())


def _authority(params: Params, system: System) -> Signer:
    content = params.ownca_content.encode() if params.ownca_content is not None else None
    if content is None:
        content = system.files.read_or_none(params.ownca_path or "")
    if content is None:
        raise Failed("The CA certificate file %s does not exist" % params.ownca_path)
    authority = x509.read_certificate(content)
    if authority is None:
        raise Failed("The CA certificate cannot be read")
    key = openssl.key_content(system, params.ownca_privatekey_path, params.ownca_privatekey_content)
    public = _public(system, key, params.ownca_privatekey_passphrase)
    if public != authority.public_key:
        raise Failed("The CA private key does not belong to the CA certificate")
    identifier = x509.own_identifier(authority)
    return Signer(key, params.ownca_privatekey_passphrase, public, authority.raw_subject, identifier)


def _is_right(
    params: Params, system: System, there: Optional[der.Certificate], wanted: Tuple[der.Request, Signer]
) -> bool:
    request, signer = wanted
    if (
        there is None
        or not x509.says_the_same(there, request)
        or there.issuer != der.name(der.elements(signer.raw_name)[0])
    ):
        return False
    if not params.ignore_timestamps and (there.not_before, there.not_after) != _times(params):
        return False
    if params.provider == "selfsigned" and params.privatekey_path is None and params.privatekey_content is None:
        return True
    if params.provider == "ownca" and (params.privatekey_path or params.privatekey_content):
        own = openssl.key_content(system, params.privatekey_path, params.privatekey_content)
        if _public(system, own, params.privatekey_passphrase) != there.public_key:
            return False
    return x509.is_signed_by(system, there, signer.public)


def _times(params: Params) -> Tuple[str, str]:
    who = params.provider or ""
    begin, end = getattr(params, who + "_not_before"), getattr(params, who + "_not_after")
    return openssl.moment(begin, who + "_not_before"), openssl.moment(end, who + "_not_after")


def plan(params: Params, state: State) -> Change:
    """Compare; a new certificate has another serial number each time, so only a wrong one is replaced."""
    result: Dict[str, Any] = {"filename": params.path}
    if params.state == "absent":
        diff = {"before": _shown(state.content), "after": ""}
        return Change(state.content is not None, "remove", result, diff if state.content else None)
    result.update(privatekey=params.privatekey_path, csr=params.csr_path)
    if params.provider == "ownca":
        result.update(ca_cert=params.ownca_path, ca_privatekey=params.ownca_privatekey_path)
    write = params.force or not state.is_right
    if not write:
        result.update(_facts(state.content))
    if params.return_content and state.content:
        result["certificate"] = state.content.decode("utf-8", "replace")
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if not write and not delta.changed:
        return Change(False, result=result)
    if not write:
        return Change(True, None, result, attributes.diff_of(params.path, delta))
    after = "subject: %s\n" % (x509.spelled(state.request.subject) if state.request else "")
    relative = not params.ignore_timestamps
    return Change(
        True,
        "make",
        result,
        {"before": _shown(state.content), "after": after},
        settles=not params.force and not relative,
    )


def _facts(content: Optional[bytes]) -> Dict[str, Any]:
    found = x509.read_certificate(content)
    if found is None:
        return {}
    return {"notBefore": found.not_before, "notAfter": found.not_after, "serial_number": found.serial}


def _shown(content: Optional[bytes]) -> str:
    found = x509.read_certificate(content)
    return "" if found is None else "subject: %s\n" % x509.spelled(found.subject)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Sign and write it; give the file its attributes."""
    params, state = change.params, change.state
    found: Dict[str, Any] = {}
    if params.state == "absent":
        if params.backup:
            found["backup_file"] = system.files.backup(params.path)
        system.files.remove(params.path)
        return found
    if change.todo is not None:
        content = _made(params, state, system).encode()
        done = place(
            system, params.path, io.BytesIO(content), state.want, Placing(params.backup, None, params.unsafe_writes)
        )
        if "backup_file" in done:
            found["backup_file"] = done["backup_file"]
        found.update(_facts(content))
        if params.return_content:
            found["certificate"] = content.decode()
    attributes.settle(system, params.path, state.want)
    return found


def _made(params: Params, state: State, system: System) -> str:
    if state.request is None or state.signer is None:
        raise Failed("there is no request to sign")
    who = params.provider or ""
    policy = getattr(params, who + "_create_subject_key_identifier")
    names_issuer = who == "ownca" and params.ownca_create_authority_key_identifier
    extras = x509.identifier_extensions(state.request, policy, state.signer.key_identifier if names_issuer else None)
    digest = getattr(params, who + "_digest")
    return openssl.pem("CERTIFICATE", x509.issued(system, state.request, state.signer, _times(params), digest, extras))


RETURNS = """
filename: The certificate.
privatekey: The file of the key.
csr: The file of the request.
ca_cert: The certificate of the authority, with ownca.
ca_privatekey: The key of the authority, with ownca.
notBefore: Since when it is valid.
notAfter: Until when it is valid.
serial_number: Its number.
certificate: The content, with return_content.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: A certificate to begin with
  x509_certificate:
    path: /etc/ssl/www.example.org.crt
    csr_path: /etc/ssl/www.example.org.csr
    privatekey_path: /etc/ssl/private/www.example.org.pem
    provider: selfsigned
- name: One signed by an authority of ours
  x509_certificate:
    path: /etc/ssl/db.example.org.crt
    csr_path: /etc/ssl/db.example.org.csr
    provider: ownca
    ownca_path: /etc/ssl/ca.crt
    ownca_privatekey_path: /etc/ssl/private/ca.pem
    ownca_not_after: +365d
"""
