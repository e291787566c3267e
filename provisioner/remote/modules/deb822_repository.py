"""Manage apt sources in the deb822 format."""

import os
import re
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits(locks=("dpkg",))
SOURCES, KEYRINGS = "/etc/apt/sources.list.d", "/etc/apt/keyrings"
SPELLED = {"name": "X-Repolib-Name", "uris": "URIs", "pdiffs": "PDiffs", "inrelease_path": "InRelease-Path"}
NO_FIELDS = ("mode", "state", "install_python_debian")
ARMOUR = "-----BEGIN PGP"


class Params(Parameters):
    """One source; every parameter but ``mode`` and ``state`` is a field of the file."""

    name: str = required("str", "The source's name; the file is called after it.")
    state: str = optional("str", "Whether it is used.", "present", choices=("absent", "present"))
    types: List[str] = optional(
        "list", "Binary packages, source packages or both.", ["deb"], elements="str", choices=("deb", "deb-src")
    )
    uris: Optional[List[str]] = optional("list", "Where it is.", elements="str")
    suites: Optional[List[str]] = optional("list", "Which releases.", elements="str")
    components: Optional[List[str]] = optional("list", "Which parts.", elements="str")
    architectures: Optional[List[str]] = optional("list", "For which architectures.", elements="str")
    signed_by: Optional[str] = optional(
        "str", "Key: its address, its file, its fingerprint, or the armoured key itself."
    )
    enabled: Optional[bool] = optional("bool", "Whether apt uses it.")
    trusted: Optional[bool] = optional("bool", "Use it unsigned too.")
    allow_downgrade_to_insecure: Optional[bool] = optional("bool", "Accept that signatures got lost.")
    allow_insecure: Optional[bool] = optional("bool", "Accept an unsigned source.")
    allow_weak: Optional[bool] = optional("bool", "Accept weak signatures.")
    by_hash: Optional[bool] = optional("bool", "Fetch indexes by their hashes.")
    check_date: Optional[bool] = optional("bool", "Compare dates with the host's clock.")
    check_valid_until: Optional[bool] = optional("bool", "Refuse lists that are too old.")
    date_max_future: Optional[int] = optional("int", "Seconds a list may be from the future.")
    inrelease_path: Optional[str] = optional("str", "Where the InRelease file is.")
    languages: Optional[List[str]] = optional("list", "Which translations to fetch.", elements="str")
    pdiffs: Optional[bool] = optional("bool", "Fetch differences of indexes.")
    targets: Optional[List[str]] = optional("list", "What to fetch.", elements="str")
    mode: Any = optional("raw", "Permissions of the file.", "0644")
    install_python_debian: bool = optional("bool", "Accepted; no Python library is needed.", False)


class State(NamedTuple):
    """The files as they are, and the key that its address gave."""

    files: Dict[str, Optional[bytes]]
    mode: int
    key: Optional[bytes]


def inspect(params: Params, system: System) -> State:
    """Read the source's file and keys, and fetch the key where an address is given."""
    key = None
    if params.state == "present" and "://" in (params.signed_by or ""):
        try:
            with urllib.request.urlopen(params.signed_by or "", timeout=30) as answer:  # noqa: S310 - as given
                key = answer.read()
        except (OSError, ValueError) as error:
            raise Failed("the key cannot be had from %s: %s" % (params.signed_by, error)) from None
    paths = [_source_path(params), _key_path(params, "gpg"), _key_path(params, "asc")]
    status = system.files.stat(paths[0])
    mode = status.st_mode & 0o7777 if status else 0
    return State({path: system.files.read_or_none(path) for path in paths}, mode, key)


def _slug(params: Params) -> str:
    return re.sub(r"[^a-z0-9]+", "-", params.name.lower()).strip("-")


def _source_path(params: Params) -> str:
    return "%s/%s.sources" % (SOURCES, _slug(params))


def _key_path(params: Params, suffix: str) -> str:
    return "%s/%s.%s" % (KEYRINGS, _slug(params), suffix)


def plan(params: Params, state: State) -> Change:
    """Write the whole file anew and compare."""
    path = _source_path(params)
    wanted: Dict[str, Optional[bytes]] = {}
    key_path: Optional[str] = None
    text = None
    if params.state == "absent":
        key_path = _key_path(params, "gpg")
        wanted = {name: None for name, content in state.files.items() if content is not None}
    else:
        if state.key is not None:
            key_path = _key_path(params, "asc" if state.key.startswith(ARMOUR.encode()) else "gpg")
            wanted[key_path] = state.key
        elif params.signed_by and params.signed_by.startswith("/"):
            key_path = params.signed_by
        text = _text(params, key_path if state.key is not None else params.signed_by)
        wanted[path] = text.encode()
    edits = {name: content for name, content in wanted.items() if state.files[name] != content}
    todo = {"files": edits, "mode": _mode(params) if text is not None and _mode(params) != state.mode else None}
    result = {"repo": text, "dest": path, "key_filename": key_path}
    diffs = [
        {"before": _shown(state.files[name]), "after": _shown(content), "before_header": name, "after_header": name}
        for name, content in sorted(edits.items())
    ]
    return Change(bool(edits) or todo["mode"] is not None, todo, result, diffs or None)


def _shown(content: Optional[bytes]) -> str:
    return (content or b"").decode("utf-8", "replace")


def _mode(params: Params) -> int:
    return int(params.mode, 8) if isinstance(params.mode, str) else int(params.mode)


def _text(params: Params, signed_by: Optional[str]) -> str:
    """Return the file: fields in the order of the parameters' names, as Ansible writes them."""
    lines = []
    for name in sorted(params.declared):
        value = signed_by if name == "signed_by" else getattr(params, name)
        if name in NO_FIELDS or value is None:
            continue
        field = SPELLED.get(name, "-".join(word.capitalize() for word in name.split("_")))
        lines.append("%s: %s\n" % (field, _spelled(value)) if not _is_armoured(value) else _embedded(field, value))
    return "".join(lines)


def _is_armoured(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(ARMOUR)


def _embedded(field: str, key: str) -> str:
    body = "".join("    %s\n" % (line.strip() or ".") for line in key.strip().splitlines())
    return "%s:\n%s" % (field, body)


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write or remove the files; the lists are not fetched, as in Ansible."""
    mode = _mode(change.params)
    for path, content in sorted(change.todo["files"].items()):
        if content is None:
            system.files.remove(path)
            continue
        system.files.makedirs(os.path.dirname(path), 0o755)
        system.files.write(path, content, mode=mode if path.startswith(SOURCES) else 0o644)
    if change.todo["mode"] is not None:
        system.files.chmod(_source_path(change.params), mode)
    return None


RETURNS = """
repo: The source in the deb822 format.
dest: The file it is in.
key_filename: The file of the key, where it is in one.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
state: What the path is: file or absent.
"""

EXAMPLES = """
- name: Docker's own packages
  deb822_repository:
    name: docker
    uris: https://download.docker.com/linux/debian
    suites: bookworm
    components: stable
    signed_by: https://download.docker.com/linux/debian/gpg
"""
