"""Make a pair of SSH keys, or see that there is one of the right kind.

ssh-keygen does the work. The private key is made in a folder that nobody else can read and moved in place.
"""

import io
import os
import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import FileParameters, optional, required
from ..system import System, attributes, openssl
from ..system.attributes import Current, Wanted
from ..system.commands import PLAIN
from ..system.placing import Placing, place

TRAITS = Traits()
SIZES = {"rsa": 4096, "dsa": 1024, "ecdsa": 256, "ed25519": 256}
NAMES = {"ssh-rsa": "rsa", "ssh-dss": "dsa", "ssh-ed25519": "ed25519"}


class Params(FileParameters):
    """The pair of keys."""

    path: str = required("path", "The private key; the public one has .pub behind it.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    size: Optional[int] = optional("int", "Bits of the key.")
    type: str = optional("str", "Its kind.", "rsa", choices=("rsa", "dsa", "rsa1", "ecdsa", "ed25519"))
    force: bool = optional("bool", "Make a new one each time.", False)
    comment: Optional[str] = optional("str", "The comment on it.")
    passphrase: Optional[str] = optional("str", "What the private key is encrypted with.", no_log=True)
    private_key_format: str = optional(
        "str", "How the private key is written.", "auto", choices=("auto", "pkcs1", "pkcs8", "ssh")
    )
    backend: str = optional(
        "str", "Accepted; ssh-keygen is used.", "auto", choices=("auto", "cryptography", "opensshbin")
    )
    regenerate: str = optional(
        "str",
        "When to make a new one.",
        "partial_idempotence",
        choices=("never", "fail", "partial_idempotence", "full_idempotence", "always"),
    )


class State(NamedTuple):
    """Both files, the public half that the private key yields, its size and fingerprint."""

    private: Optional[bytes]
    public_file: str
    public: str
    size: int
    fingerprint: str
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Read both files; let ssh-keygen tell the public half."""
    if params.type == "ed25519" and params.size is not None and params.size != 256:
        raise Failed("size: an ed25519 key has 256 bits")
    if params.mode is None:
        params.mode = "0600"
    want = attributes.wanted(params)
    if system.files.is_dir(params.path):
        raise Failed("%s is a directory. Please specify a path to a file." % params.path)
    system.files.look(params.path)
    private = system.files.read_or_none(params.path)
    file = (system.files.read_or_none(params.path + ".pub") or b"").decode("utf-8", "replace").strip()
    public, size, fingerprint = "", 0, ""
    if private is not None:
        public = _public(params, system, private)
        size, fingerprint = _measured(system, public) if public else (0, "")
    now = attributes.current(system, params.path, want)
    return State(private, file, public, size, fingerprint, want, now)


def _public(params: Params, system: System, private: bytes) -> str:
    with openssl.Workshop(system) as shop:
        copy = shop.put("key", private)
        os.chmod(copy, 0o600)
        done = _ask(system, ["-y", "-f", copy], params.passphrase)
        if done.rc == 0 and params.passphrase and _ask(system, ["-y", "-f", copy], None).rc == 0:
            return ""  # it is not encrypted at all
    return done.out.strip() if done.rc == 0 else ""


def _ask(system: System, words: Any, passphrase: Optional[str]) -> Any:
    """Run ssh-keygen; it asks a program for the passphrase, and that program reads it from its environment."""
    with openssl.Workshop(system) as shop:
        program = shop.put("ask", b'#!/bin/sh\nprintf "%s\\n" "$KEY_PASSPHRASE"\n')
        os.chmod(program, 0o700)
        env = dict(
            PLAIN, KEY_PASSPHRASE=passphrase or "", SSH_ASKPASS=program, SSH_ASKPASS_REQUIRE="force", DISPLAY=":"
        )
        done = system.commands.run(["ssh-keygen", *words], env=env)
    if done.rc == 127:
        raise Failed("the program ssh-keygen is not on this host")
    return done


def _measured(system: System, public: str) -> Any:
    done = system.commands.run(["ssh-keygen", "-l", "-f", "-"], stdin=public.encode() + b"\n", env=PLAIN)
    words = done.out.split()
    return (int(words[0]), words[1]) if done.rc == 0 and len(words) > 1 else (0, "")


def plan(params: Params, state: State) -> Change:
    """Compare kind, size, comment, the public file, and the private file's attributes."""
    size = params.size or SIZES.get(params.type, 0)
    result: Dict[str, Any] = {"filename": params.path, "size": size, "type": params.type}
    if params.state == "absent":
        there = state.private is not None or bool(state.public_file)
        diff = {"before": "%s\n" % params.path, "after": ""} if there else None
        return Change(there, "remove", {}, diff)
    todo = _todo(params, state, size)
    if todo != "make":
        result.update(_known(params, state))
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if todo is None and not delta.changed:
        return Change(False, result=result)
    sides = {
        "before": state.fingerprint + "\n" if state.private else "",
        "after": "a new key\n" if todo == "make" else "public key\n",
    }
    diff = sides if todo else attributes.diff_of(params.path, delta)
    always = params.force or params.regenerate == "always"
    return Change(True, todo, result, diff, settles=not always)


def _known(params: Params, state: State) -> Dict[str, Any]:
    written = " ".join(state.public.split()[:2])
    return {"fingerprint": state.fingerprint, "public_key": written, "comment": _comment(params, state)}


def _comment(params: Params, state: State) -> str:
    if params.comment is not None:
        return params.comment
    return " ".join((state.public_file or state.public).split()[2:])


def _todo(params: Params, state: State, size: int) -> Optional[str]:
    """Return ``make``, ``public`` (write the public file) or None."""
    if state.private is None or params.force or params.regenerate == "always":
        return "make"
    if params.regenerate != "never":
        if not state.public:
            if params.regenerate == "full_idempotence":
                return "make"
            raise Failed(
                "Unable to read the key. The key is protected with a passphrase or broken. Will not proceed. "
                "To force regeneration, call the module with `generate` set to `full_idempotence` or `always`, "
                "or with `force=true`."
            )
        word = state.public.split()[0]
        kind = NAMES.get(word, "ecdsa" if word.startswith("ecdsa") else word)
        if kind != params.type or (size and state.size != size):
            if params.regenerate == "fail":
                raise Failed(
                    "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with "
                    "`generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`."
                )
            return "make"
    if not state.public:
        return None
    wrong = state.public_file.split()[:2] != state.public.split()[:2]
    other = params.comment is not None and " ".join(state.public_file.split()[2:]) != params.comment
    return "public" if wrong or other else None


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the pair, or write the public half again; give the private file its attributes."""
    params, state = change.params, change.state
    if params.state == "absent":
        system.files.remove(params.path)
        system.files.remove(params.path + ".pub")
        return None
    found: Dict[str, Any] = {}
    if change.todo == "make":
        found = _make(params, state, system, change.result["size"])
    elif change.todo == "public":
        written = "%s %s" % (" ".join(state.public.split()[:2]), _comment(params, state))
        _write_public(params, state, system, written.strip())
    attributes.settle(system, params.path, state.want)
    return found


def _make(params: Params, state: State, system: System, size: int) -> Dict[str, Any]:
    with openssl.Workshop(system) as shop:
        key = os.path.join(shop.path, "key")
        words = ["-q", "-t", params.type, "-f", key, "-C", params.comment or ""]
        words += ["-b", str(size)] if params.type != "ed25519" else []
        words += {"pkcs1": ["-m", "PEM"], "pkcs8": ["-m", "PKCS8"]}.get(params.private_key_format, [])
        done = _ask(system, words + ([] if params.passphrase else ["-N", ""]), params.passphrase)
        if done.rc != 0:
            raise Failed("ssh-keygen failed: %s" % done.err.strip(), rc=done.rc)
        private, public = shop.get("key"), shop.get("key.pub").decode().strip()
    place(system, params.path, io.BytesIO(private), state.want, Placing(False, None, params.unsafe_writes))
    _write_public(params, state, system, public)
    size_found, fingerprint = _measured(system, public)
    comment = re.sub(r"^\S+ \S+ ?", "", public)
    return {
        "size": size_found,
        "fingerprint": fingerprint,
        "public_key": " ".join(public.split()[:2]),
        "comment": comment,
    }


def _write_public(params: Params, state: State, system: System, content: str) -> None:
    want = Wanted("0644", params.owner, params.group, state.want.uid, state.want.gid, None, state.want.umask)
    place(
        system,
        params.path + ".pub",
        io.BytesIO(content.encode() + b"\n"),
        want,
        Placing(False, None, params.unsafe_writes),
    )


RETURNS = """
filename: The private key.
size: Its size in bits.
type: Its kind.
fingerprint: Fingerprint of the public key.
public_key: The public key.
comment: The comment of the public key.
"""

EXAMPLES = """
- name: The key that backups are fetched with
  openssh_keypair:
    path: /etc/backup/id_ed25519
    type: ed25519
    comment: backup
"""
