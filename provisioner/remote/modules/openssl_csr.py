"""Make a certificate signing request, or see that one says what it should.

The openssl program does the work. The request that would be made is compared with the one that is there: subject,
extensions, key and signature.
"""

import io
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import FileParameters, mutually_exclusive, optional, required
from ..system import System, attributes, csr_config, openssl, x509
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, place

TRAITS = Traits()


class Params(FileParameters):
    """What the request says."""

    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    privatekey_path: Optional[str] = optional("path", "The private key.")
    privatekey_content: Optional[str] = optional("str", "The private key itself.", no_log=True)
    privatekey_passphrase: Optional[str] = optional("str", "What the key is encrypted with.", no_log=True)
    digest: str = optional("str", "What it is signed with.", "sha256")
    version: int = optional("int", "The version of the format.", 1, choices=(1,))
    force: bool = optional("bool", "Make a new one each time.", False)
    subject: Optional[Dict[str, Any]] = optional("dict", "Parts of the subject by name.")
    subject_ordered: Optional[List[Any]] = optional(
        "list", "The subject in order, each a dictionary of one.", elements="dict"
    )
    country_name: Optional[str] = optional("str", "Country.", aliases=("C", "countryName"))
    state_or_province_name: Optional[str] = optional("str", "State.", aliases=("ST", "stateOrProvinceName"))
    locality_name: Optional[str] = optional("str", "Place.", aliases=("L", "localityName"))
    organization_name: Optional[str] = optional("str", "Organization.", aliases=("O", "organizationName"))
    organizational_unit_name: Optional[str] = optional("str", "Its unit.", aliases=("OU", "organizationalUnitName"))
    common_name: Optional[str] = optional("str", "Common name.", aliases=("CN", "commonName"))
    email_address: Optional[str] = optional("str", "Mail address.", aliases=("E", "emailAddress"))
    subject_alt_name: Optional[List[str]] = optional(
        "list",
        "Further names, such as DNS:www.example.org or IP:192.0.2.1.",
        elements="str",
        aliases=("subjectAltName",),
    )
    subject_alt_name_critical: bool = optional(
        "bool", "Whether that is critical.", False, aliases=("subjectAltName_critical",)
    )
    use_common_name_for_san: bool = optional(
        "bool", "Take the common name where no other is given.", True, aliases=("useCommonNameForSAN",)
    )
    key_usage: Optional[List[str]] = optional("list", "What the key is for.", elements="str", aliases=("keyUsage",))
    key_usage_critical: bool = optional("bool", "Whether that is critical.", False, aliases=("keyUsage_critical",))
    extended_key_usage: Optional[List[str]] = optional(
        "list", "What the key is for, in detail.", elements="str", aliases=("extKeyUsage", "extendedKeyUsage")
    )
    extended_key_usage_critical: bool = optional(
        "bool", "Whether that is critical.", False, aliases=("extKeyUsage_critical", "extendedKeyUsage_critical")
    )
    basic_constraints: Optional[List[str]] = optional(
        "list", "CA:TRUE, pathlen:0.", elements="str", aliases=("basicConstraints",)
    )
    basic_constraints_critical: bool = optional(
        "bool", "Whether that is critical.", False, aliases=("basicConstraints_critical",)
    )
    ocsp_must_staple: bool = optional("bool", "Ask for stapled answers.", False, aliases=("ocspMustStaple",))
    ocsp_must_staple_critical: bool = optional(
        "bool", "Whether that is critical.", False, aliases=("ocspMustStaple_critical",)
    )
    name_constraints_permitted: Optional[List[str]] = optional("list", "Names a CA may sign.", elements="str")
    name_constraints_excluded: Optional[List[str]] = optional("list", "Names a CA may not sign.", elements="str")
    name_constraints_critical: bool = optional("bool", "Whether that is critical.", False)
    create_subject_key_identifier: bool = optional("bool", "Name the key by its hash.", False)
    subject_key_identifier: Optional[str] = optional("str", "Name the key.")
    authority_key_identifier: Optional[str] = optional("str", "Name the issuer's key.")
    authority_cert_issuer: Optional[List[str]] = optional("list", "Not supported in a request.", elements="str")
    authority_cert_serial_number: Optional[int] = optional("int", "Not supported in a request.")
    crl_distribution_points: Optional[List[Any]] = optional("list", "Where revocations are listed.", elements="dict")
    backup: bool = optional("bool", "Keep the old one under a name with the time in it.", False)
    return_content: bool = optional("bool", "Return the request itself.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography")
    )
    rules = (
        mutually_exclusive("create_subject_key_identifier", "subject_key_identifier"),
        mutually_exclusive("privatekey_path", "privatekey_content"),
        mutually_exclusive("subject", "subject_ordered"),
    )


class State(NamedTuple):
    """The request as it is, and as it would be made now."""

    content: Optional[bytes]
    is_right: bool
    made: bytes
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read the request, and make the wanted one without writing it."""
    want = attributes.wanted(params)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path)
    now = attributes.current(system, params.path, want)
    if params.state == "absent":
        return State(content, True, b"", want, now)
    made = _made(params, system)
    return State(content, content is not None and _is_right(params, system, content, made), made, want, now)


def _made(params: Params, system: System) -> bytes:
    key = openssl.key_content(system, params.privatekey_path, params.privatekey_content)
    known = openssl.read_key(system, key, params.privatekey_passphrase)
    if known.public is None:
        raise Failed("the private key cannot be read: %s" % known.problem)
    with openssl.Workshop(system) as shop:
        words = [
            "req",
            "-new",
            "-" + params.digest.lower(),
            "-key",
            shop.put("key.pem", key),
            "-passin",
            "env:KEY_PASSPHRASE",
        ]
        words += ["-config", shop.put("request.cnf", csr_config.text(params).encode())]
        if not csr_config.subject(params):
            words += ["-subj", "/"]
        return openssl.must(system, words, b"", params.privatekey_passphrase).encode()


def _is_right(params: Params, system: System, content: bytes, made: bytes) -> bool:
    there, wanted = x509.read_request(content), x509.read_request(made)
    if there is None or wanted is None:
        return False
    same_name = there.subject == wanted.subject if params.subject_ordered else set(there.subject) == set(wanted.subject)
    if not same_name or there.public_key != wanted.public_key or set(there.extensions) != set(wanted.extensions):
        return False
    return openssl.is_signed(system, content)


def plan(params: Params, state: State) -> Change:
    """Compare what both say, and the file's attributes."""
    if params.state == "absent":
        diff = text_diff(params.path, state.content, b"") if state.content else None
        return Change(state.content is not None, "remove", {"filename": params.path}, diff)
    result = _result(params)
    write = params.force or not state.is_right
    if params.return_content:
        result["csr"] = (state.made if write else state.content or b"").decode()
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if not write and not delta.changed:
        return Change(False, result=result)
    diff = text_diff(params.path, state.content, state.made) if write else attributes.diff_of(params.path, delta)
    return Change(True, state.made if write else None, result, diff, settles=not params.force)


def _result(params: Params) -> Dict[str, Any]:
    names = csr_config.alternative_names(params)
    return {
        "privatekey": params.privatekey_path,
        "filename": params.path,
        "subject": [[key, each] for key, each in csr_config.subject(params)],
        "subjectAltName": names or None,
        "keyUsage": params.key_usage,
        "extendedKeyUsage": params.extended_key_usage,
        "basicConstraints": params.basic_constraints,
        "ocspMustStaple": params.ocsp_must_staple,
        "name_constraints_permitted": params.name_constraints_permitted or [],
        "name_constraints_excluded": params.name_constraints_excluded or [],
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the request; give the file its attributes."""
    params, state = change.params, change.state
    found: Dict[str, Any] = {}
    if params.state == "absent":
        if params.backup:
            found["backup_file"] = system.files.backup(params.path)
        system.files.remove(params.path)
        return found
    if change.todo is not None:
        done = place(
            system, params.path, io.BytesIO(change.todo), state.want, Placing(params.backup, None, params.unsafe_writes)
        )
        if "backup_file" in done:
            found["backup_file"] = done["backup_file"]
    attributes.settle(system, params.path, state.want)
    return found


RETURNS = """
filename: The request.
privatekey: The file of the key.
subject: The subject, in its order.
subjectAltName: Other names.
keyUsage: What the key may be used for.
extendedKeyUsage: More of that.
basicConstraints: Whether it is for an authority.
ocsp_must_staple: Whether a stapled answer is demanded.
name_constraints_permitted: Names an authority may sign.
name_constraints_excluded: Names an authority may not sign.
csr: The content, with return_content.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: Ask for a certificate
  openssl_csr:
    path: /etc/ssl/www.example.org.csr
    privatekey_path: /etc/ssl/private/www.example.org.pem
    common_name: www.example.org
    subject_alt_name: ["DNS:www.example.org", "DNS:example.org"]
"""
