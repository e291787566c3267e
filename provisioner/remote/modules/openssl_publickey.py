"""Write the public half of a private key."""

import base64
import io
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import FileParameters, mutually_exclusive, optional, required
from ..system import System, attributes, der, openssl
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, place

TRAITS = Traits()


class Params(FileParameters):
    """The public key."""

    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    format: str = optional("str", "How it is written.", "PEM", choices=("OpenSSH", "PEM"))
    privatekey_path: Optional[str] = optional("path", "The private key.")
    privatekey_content: Optional[str] = optional("str", "The private key itself.", no_log=True)
    privatekey_passphrase: Optional[str] = optional("str", "What it is encrypted with.", no_log=True)
    force: bool = optional("bool", "Write it each time.", False)
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    return_content: bool = optional("bool", "Return the key itself.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography")
    )
    rules = (mutually_exclusive("privatekey_path", "privatekey_content"),)


class State(NamedTuple):
    """The file as it is, and the public key as it should be."""

    content: Optional[bytes]
    public: bytes
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read the file; let openssl tell the key's public half."""
    want = attributes.wanted(params)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path)
    now = attributes.current(system, params.path, want)
    if params.state == "absent":
        return State(content, b"", want, now)
    key = openssl.key_content(system, params.privatekey_path, params.privatekey_content)
    known = openssl.read_key(system, key, params.privatekey_passphrase)
    if known.public is None:
        raise Failed("the private key cannot be read: %s" % known.problem)
    return State(content, known.public, want, now)


def plan(params: Params, state: State) -> Change:
    """Compare the keys, not how they are broken into lines."""
    result: Dict[str, Any] = {"filename": params.path}
    if params.state == "absent":
        diff = text_diff(params.path, state.content, b"") if state.content else None
        return Change(state.content is not None, None, result, diff)
    written = _written(params, state.public)
    result.update(
        privatekey=params.privatekey_path, format=params.format, fingerprint=openssl.fingerprints(state.public)
    )
    if params.return_content:
        result["publickey"] = written
    write = params.force or not _is_same(params, state)
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if not write and not delta.changed:
        return Change(False, result=result)
    content = written.encode()
    diff = text_diff(params.path, state.content, content) if write else attributes.diff_of(params.path, delta)
    return Change(True, content if write else None, result, diff, settles=not params.force)


def _is_same(params: Params, state: State) -> bool:
    if state.content is None:
        return False
    if params.format == "OpenSSH":
        return state.content.split()[:2] == _written(params, state.public).encode().split()[:2]
    return der.from_pem(state.content, "PUBLIC KEY") == state.public


def _written(params: Params, public: bytes) -> str:
    return openssl.pem("PUBLIC KEY", public) if params.format == "PEM" else openssh(public)


def openssh(public: bytes) -> str:
    """Return a public key as OpenSSH writes it."""
    kind = der.key_kind(public)
    bits = der.elements(public)[0].children()[1].content[1:]
    if kind["type"] == "RSA":
        modulus, exponent = der.elements(bits)[0].children()
        name, parts = b"ssh-rsa", [exponent.content, modulus.content]
    elif kind["type"] == "ECC":
        short = {"secp256r1": b"nistp256", "secp384r1": b"nistp384", "secp521r1": b"nistp521"}.get(str(kind["curve"]))
        if short is None:
            raise Failed("OpenSSH has no keys on the curve %s" % kind["curve"])
        name, parts = b"ecdsa-sha2-" + short, [short, bits]
    elif kind["type"] == "Ed25519":
        name, parts = b"ssh-ed25519", [bits]
    else:
        raise Failed("OpenSSH has no keys of type %s" % kind["type"])
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in [name, *parts])
    return "%s %s" % (name.decode(), base64.b64encode(blob).decode())


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write it; give the file its attributes."""
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
filename: The public key.
privatekey: The file of the private key.
format: PEM or OpenSSH.
fingerprint: Fingerprints, by algorithm.
publickey: The content, with return_content.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: What others may know
  openssl_publickey:
    path: /etc/ssl/www.example.org.pub
    privatekey_path: /etc/ssl/private/www.example.org.pem
"""
