"""Make a private key, or see that one is of the right kind.

The openssl program does the work. A key is never on disk with more permissions than in the end.
"""

import io
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import FileParameters, optional, required
from ..system import System, attributes, der, openssl
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, place

TRAITS = Traits()
EDWARDS = ("Ed25519", "Ed448", "X25519", "X448")
NAMES = {"secp192r1": "prime192v1", "secp256r1": "prime256v1"}


class Params(FileParameters):
    """The key."""

    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    size: int = optional("int", "Bits of an RSA or DSA key.", 4096)
    type: str = optional("str", "Its kind.", "RSA", choices=("DSA", "ECC", "Ed25519", "Ed448", "RSA", "X25519", "X448"))
    curve: Optional[str] = optional("str", "The curve of an ECC key, such as secp384r1.")
    passphrase: Optional[str] = optional("str", "What it is encrypted with.", no_log=True)
    cipher: str = optional("str", "How it is encrypted; auto is AES with 256 bits.", "auto")
    format: str = optional(
        "str", "How it is written.", "auto_ignore", choices=("pkcs1", "pkcs8", "raw", "auto", "auto_ignore")
    )
    format_mismatch: str = optional(
        "str", "What to do with another format.", "regenerate", choices=("regenerate", "convert")
    )
    force: bool = optional("bool", "Make a new one each time.", False)
    regenerate: str = optional(
        "str",
        "When to make a new one.",
        "full_idempotence",
        choices=("never", "fail", "partial_idempotence", "full_idempotence", "always"),
    )
    backup: bool = optional("bool", "Keep the old one under a name with the time in it.", False)
    return_content: bool = optional("bool", "Return the key itself.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography")
    )


class State(NamedTuple):
    """The file as it is."""

    content: Optional[bytes]
    public: Optional[bytes]
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read the key and let openssl tell its public half."""
    if params.type == "ECC" and params.curve is None and params.state == "present":
        raise Failed("type is ECC but all of the following are missing: curve")
    if params.mode is None:
        params.mode = "0600"
    want = attributes.wanted(params)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path)
    public = openssl.read_key(system, content, params.passphrase).public if content else None
    if public is not None and params.passphrase is None and content and b"ENCRYPTED" in content:
        public = None
    return State(content, public, want, attributes.current(system, params.path, want))


def plan(params: Params, state: State) -> Change:
    """Compare kind, size, curve and form of the key, and the file's attributes."""
    result: Dict[str, Any] = {"filename": params.path, "size": params.size, "type": params.type}
    if params.type == "ECC":
        result["curve"] = params.curve
    if params.state == "absent":
        gone = {"before": "a private key\n", "after": ""}
        return Change(state.content is not None, "remove", {"filename": params.path}, gone if state.content else None)
    todo = _todo(params, state)
    if todo is None and state.public:
        result["fingerprint"] = openssl.fingerprints(state.public)
    if params.return_content and state.content is not None:
        result["privatekey"] = state.content.decode("utf-8", "replace")
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if todo is None and not delta.changed:
        return Change(False, result=result)
    sides = {"before": _shown(state.public), "after": "a new private key\n" if todo == "make" else _shown(state.public)}
    always = params.force or params.regenerate == "always"
    return Change(True, todo, result, sides if todo else attributes.diff_of(params.path, delta), settles=not always)


def _shown(public: Optional[bytes]) -> str:
    if public is None:
        return ""
    kind = der.key_kind(public)
    known = openssl.fingerprints(public)["sha256"]
    return "%s, %s bits, SHA-256 of the public key %s\n" % (
        kind["type"],
        kind["size"],
        known,
    )


def _todo(params: Params, state: State) -> Optional[str]:
    """Return ``make``, ``convert`` or None."""
    if state.content is None or params.force or params.regenerate == "always":
        return "make"
    if params.regenerate == "never":
        return None
    if state.public is None:
        if params.regenerate == "full_idempotence":
            return "make"
        raise Failed(
            "Unable to read the key. The key is protected with a another passphrase / no passphrase or broken. "
            "Will not proceed. To force regeneration, call the module with `generate` set to `full_idempotence` or "
            "`always`, or with `force=true`."
        )
    if not _fits(params, der.key_kind(state.public)):
        if params.regenerate in ("partial_idempotence", "full_idempotence"):
            return "make"
        raise Failed(
            "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with "
            "`generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`."
        )
    if params.format == "auto_ignore" or _form(state.content) == _wanted_form(params):
        return None
    if params.format_mismatch == "convert":
        return "convert"
    if params.regenerate == "fail":
        raise Failed(
            "Key has wrong format. Will not proceed. To force regeneration, call the module with `force=true`."
        )
    return "make"


def _fits(params: Params, kind: Dict[str, Any]) -> bool:
    if kind["type"] != params.type:
        return False
    if params.type in ("RSA", "DSA"):
        return bool(kind["size"] == params.size)
    return params.type in EDWARDS or kind["curve"] == params.curve


def _form(content: bytes) -> str:
    if b"-----BEGIN" not in content:
        return "raw"
    return "pkcs8" if b"BEGIN PRIVATE KEY" in content or b"BEGIN ENCRYPTED PRIVATE KEY" in content else "pkcs1"


def _wanted_form(params: Params) -> str:
    if params.format in ("auto", "auto_ignore"):
        return "pkcs8" if params.type in EDWARDS else "pkcs1"
    return params.format


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make or convert the key; give the file its attributes."""
    params, state = change.params, change.state
    found: Dict[str, Any] = {}
    if params.state == "absent":
        if params.backup:
            found["backup_file"] = system.files.backup(params.path)
        system.files.remove(params.path)
        return found
    content = state.content
    if change.todo is not None:
        content = _written(params, system, _new(params, system) if change.todo == "make" else state.content)
        done = place(
            system, params.path, io.BytesIO(content), state.want, Placing(params.backup, None, params.unsafe_writes)
        )
        if "backup_file" in done:
            found["backup_file"] = done["backup_file"]
    attributes.settle(system, params.path, state.want)
    public = openssl.read_key(system, content, params.passphrase).public
    if public:
        found["fingerprint"] = openssl.fingerprints(public)
    if params.return_content:
        found["privatekey"] = content.decode("utf-8", "replace")
    return found


def _new(params: Params, system: System) -> bytes:
    if params.type == "RSA":
        words = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % params.size]
    elif params.type == "ECC":
        curve = NAMES.get(params.curve or "", params.curve or "")
        words = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve, "-pkeyopt", "ec_param_enc:named_curve"]
    elif params.type == "DSA":
        made = openssl.must(system, ["dsaparam", "-genkey", str(params.size)])
        return openssl.must(system, ["pkey"], made.encode()).encode()
    else:
        words = ["-algorithm", params.type]
    return openssl.must(system, ["genpkey", *words]).encode()


def _written(params: Params, system: System, key: bytes) -> bytes:
    form = _wanted_form(params)
    if form == "raw":
        raise Failed("format=raw is not supported through the openssl program")
    words = ["pkey", "-passin", "env:KEY_PASSPHRASE"]
    if form == "pkcs1":
        words.append("-traditional")
    if params.passphrase is not None:
        words += ["-aes256" if params.cipher == "auto" else "-" + params.cipher, "-passout", "env:KEY_PASSPHRASE"]
    return openssl.must(system, words, key, params.passphrase).encode()


RETURNS = """
filename: The key.
size: Its size in bits.
type: Its kind.
curve: Its curve, of kind ECC.
fingerprint: Fingerprints of the public half, by algorithm.
privatekey: The content, with return_content.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: The key of the web server
  openssl_privatekey:
    path: /etc/ssl/private/www.example.org.pem
    type: ECC
    curve: secp384r1
    group: ssl-cert
    mode: "0640"
"""
