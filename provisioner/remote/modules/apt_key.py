"""Manage the keys apt trusts, without apt-key and without gpg."""

import os
import urllib.parse
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..openpgp import Key, NoKey, keys_of
from ..params import Parameters, mutually_exclusive, optional
from ..system import System

TRAITS = Traits(locks=("dpkg",))
MAIN, FOLDER = "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d"


class Params(Parameters):
    """A key, by what it is or by where it is to be had."""

    id: Optional[str] = optional("str", "The key's fingerprint or id; saves the download where it is there already.")
    data: Optional[str] = optional("str", "The key itself.")
    file: Optional[str] = optional("path", "The key's file on the host.")
    url: Optional[str] = optional("str", "The key's address.")
    keyserver: Optional[str] = optional("str", "The key server to ask for the id.")
    keyring: Optional[str] = optional(
        "path", "The file to keep it in; one of its own in trusted.gpg.d where not given."
    )
    state: str = optional("str", "Whether it is trusted.", "present", choices=("absent", "present"))
    validate_certs: bool = optional("bool", "Check the certificate of the address's server.", True)
    rules = (mutually_exclusive("data", "file", "keyserver", "url"),)


class State(NamedTuple):
    """The keys trusted now, by file, and those the parameters bring."""

    rings: Dict[str, List[Key]]
    given: List[Key]


def inspect(params: Params, system: System) -> State:
    """Read the keyrings; fetch the key only where its id is not there yet."""
    rings: Dict[str, List[Key]] = {}
    for path in _ring_paths(params, system):
        content = system.files.read_or_none(path)
        if content:
            try:
                rings[path] = keys_of(content)
            except NoKey:
                continue  # a file that apt itself will complain about
    known = [key for keys in rings.values() for key in keys]
    if params.id and (params.state == "absent" or any(key.answers_to(params.id) for key in known)):
        return State(rings, [])
    return State(rings, _given(params, system))


def _ring_paths(params: Params, system: System) -> List[str]:
    if params.keyring:
        return [params.keyring]
    names = system.files.listdir(FOLDER) if system.files.is_dir(FOLDER) else []
    return [MAIN, *(os.path.join(FOLDER, name) for name in names if name.endswith((".gpg", ".asc")))]


def _given(params: Params, system: System) -> List[Key]:
    try:
        if params.data is not None:
            return keys_of(params.data.encode())
        if params.file is not None:
            return keys_of(system.files.read(params.file))
        if params.keyserver is not None and params.id:
            return keys_of(_download(_server_address(params.keyserver, params.id)))
        if params.url is not None:
            return keys_of(_download(params.url))
    except (NoKey, OSError, ValueError) as error:
        source = params.url or params.keyserver or params.file or "data"
        raise Failed("the key cannot be had from %s: %s" % (source, error)) from None
    raise Failed("a key that is not there yet needs one of data, file, url or keyserver" + _named(params))


def _named(params: Params) -> str:
    return ": %s" % params.id if params.id else ""


def _server_address(server: str, name: str) -> str:
    scheme, _, place = server.rpartition("://")
    port = "" if ":" in place or scheme in ("http", "https", "hkps") else ":11371"
    prefix = "https" if scheme in ("https", "hkps") else "http"
    wanted = name if name.lower().startswith("0x") else "0x" + name
    return "%s://%s%s/pks/lookup?op=get&options=mr&search=%s" % (prefix, place, port, urllib.parse.quote(wanted))


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - as the user asked
        content: bytes = answer.read()
    return content


def plan(params: Params, state: State) -> Change:
    """Add what is missing, or take out what answers to the id."""
    if params.state == "absent":
        return _plan_absent(params, state)
    known = {key.fingerprints[0] for keys in state.rings.values() for key in keys}
    if params.id and state.given and not any(key.answers_to(params.id) for key in state.given):
        raise Failed("the key that came is not %s but %s" % (params.id, state.given[0].fingerprints[0]))
    new = [key for key in state.given if key.fingerprints[0] not in known]
    result = _result(params, state, state.given or _answering(params, state))
    if not new:
        return Change(False, result=result)
    path = params.keyring or os.path.join(FOLDER, new[0].fingerprints[0][-16:] + ".gpg")
    packets = b"".join(key.packets for key in [*state.rings.get(path, []), *new])
    result["after"] = result["before"] + [_long(key) for key in new]
    return Change(True, {path: packets}, result, _diff(path, state.rings.get(path, []), new, []))


def _plan_absent(params: Params, state: State) -> Change:
    wanted = [params.id] if params.id else [key.fingerprints[0] for key in state.given]
    edits: Dict[str, Optional[bytes]] = {}
    diffs = []
    for path, keys in state.rings.items():
        gone = [key for key in keys if _is_any(key, wanted)]
        kept = [key for key in keys if key not in gone]
        if not gone:
            continue
        if kept and path.endswith(".asc"):
            raise Failed("%s holds other keys too; take the key out of that armoured file by hand" % path)
        edits[path] = b"".join(key.packets for key in kept) if kept else None
        diffs.append(_diff(path, keys, [], gone))
    result = _result(params, state, _answering(params, state))
    if edits:
        result["after"] = _left(state, wanted)
    return Change(bool(edits), edits, result, diffs or None)


def _left(state: State, wanted: List[Any]) -> List[str]:
    return [_long(key) for keys in state.rings.values() for key in keys if not _is_any(key, wanted)]


def _is_any(key: Key, wanted: List[Any]) -> bool:
    return any(key.answers_to(name or "") for name in wanted)


def _answering(params: Params, state: State) -> List[Key]:
    keys = [key for ring in state.rings.values() for key in ring]
    return [key for key in keys if params.id and key.answers_to(params.id)]


def _result(params: Params, state: State, keys: List[Key]) -> Dict[str, Any]:
    """Return the names of the key in question, and of all keys there are."""
    before = [_long(key) for ring in state.rings.values() for key in ring]
    asked = (params.id or "").upper()
    name = keys[0].fingerprints[0] if keys else asked[2:] if asked.startswith("0X") else asked
    return {"before": before, "fp": name, "id": name[-16:], "key_id": name[-16:], "short_id": name[-8:]}


def _long(key: Key) -> str:
    return str(key.fingerprints[0][-16:])


def _diff(path: str, before: List[Key], added: List[Key], gone: List[Key]) -> Dict[str, str]:
    after = [key for key in before if key not in gone] + added
    shown = ["".join(key.fingerprints[0] + "\n" for key in keys) for keys in (before, after)]
    return {"before": shown[0], "after": shown[1], "before_header": path, "after_header": path}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the keyrings; apt reads them without a helper's help."""
    for path, content in change.todo.items():
        if content is None:
            system.files.remove(path)
        else:
            system.files.makedirs(os.path.dirname(path), 0o755)
            system.files.write(path, content, mode=0o644)
    return None


RETURNS = """
id: The id that was asked for, or the one of the key.
fp: Fingerprint of the key.
key_id: Id of the key, 16 digits.
short_id: The last 8 digits of it.
before: Ids of the keys there were.
after: Ids of the keys there are.
"""

EXAMPLES = """
- name: Trust the vendor's archive
  apt_key:
    id: 9DC858229FC7DD38854AE2D88D81803C0EBFCD88
    url: https://download.docker.com/linux/debian/gpg
"""
