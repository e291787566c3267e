"""Manage the host keys a user knows."""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..sshkeys import HostLine, hashed, host_line, names_host
from ..system import System, attributes

TRAITS = Traits()


class Params(Parameters):
    """A host and its keys."""

    name: str = required("str", "The host, as the key's line names it.", aliases=("host",))
    key: Optional[str] = optional("str", "Lines of known_hosts, one a key.")
    path: str = optional("path", "The file.", "~/.ssh/known_hosts")
    hash_host: bool = optional("bool", "Hide the host's name by a hash.", False)
    state: str = optional("str", "Whether it is known.", "present", choices=("absent", "present"))


class State(NamedTuple):
    """The file's path and content."""

    path: str
    content: bytes
    info: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    path = os.path.expanduser(params.path)
    system.files.look(path)
    return State(path, system.files.read_or_none(path) or b"", attributes.info(system, path))


def plan(params: Params, state: State) -> Change:
    """Replace keys of the same type and marker; keep all else."""
    if "," in params.name:
        raise Failed(
            "Comma separated list of names is not supported. "
            "Please pass a single name to lookup in the known_hosts file."
        )
    if params.state == "present" and not params.key:
        raise Failed("No key specified when adding a host")
    lines = state.content.decode("utf-8", "surrogateescape").splitlines()
    after = _edited(params, lines)
    plain = _edited(params, lines, hides=False)
    shown = "".join(line + "\n" for line in plain).encode("utf-8", "surrogateescape")
    text = "".join(line + "\n" for line in after).encode("utf-8", "surrogateescape")
    diff = text_diff(state.path, state.content, shown if after != lines else state.content)
    if not state.content:
        diff["before_header"] = "/dev/null"
    result = dict(params.raw(), path=state.path, diff=diff, **state.info)
    return Change(True, text, result, diff) if after != lines else Change(False, result=result)


Kind = Tuple[str, ...]
Wanted = Dict[Kind, Tuple[HostLine, str]]


def _wanted(params: Params) -> Wanted:
    """Return the keys given, by marker and type, with the lines they came in."""
    wanted: Wanted = {}
    for given in (params.key or "").splitlines():
        parsed = host_line(given)
        if parsed is None and given.strip() and not given.startswith("#"):
            raise Failed("not a line of known_hosts: %s" % given)
        if parsed is not None:
            if not names_host(parsed.hosts, params.name):
                raise Failed("Host parameter does not match hashed host field in supplied key", hosts=parsed.hosts)
            wanted[_kind(parsed)] = (parsed, given.strip())
    return wanted


def _kind(line: HostLine) -> Kind:
    """Return what there is one line of for a host; of authorities and of revoked keys there may be several."""
    return (line.marker, line.kind, line.data) if line.marker else (line.marker, line.kind)


def _edited(params: Params, lines: List[str], hides: bool = True) -> List[str]:
    wanted = _wanted(params)
    after, there = [], set()
    for line in lines:
        here = host_line(line)
        if here is None or not names_host(here.hosts, params.name):
            after.append(line)
            continue
        kind = _kind(here)
        same = kind in wanted and wanted[kind][0].data == here.data
        if params.state == "absent":
            keep = bool(params.key) and not same
        else:
            keep = kind not in wanted or (same and params.hash_host == here.hosts.startswith("|1|"))
        if keep:
            there.add(kind)
            after.append(line)
    if params.state == "present":
        after += [_shown(params, given) if hides else given for kind, (_, given) in wanted.items() if kind not in there]
    return after


def _shown(params: Params, given: str) -> str:
    if not params.hash_host:
        return given
    parsed = host_line(given)
    hosts = parsed.hosts if parsed is not None else ""
    return given if hosts.startswith("|1|") else given.replace(hosts, hashed(params.name), 1)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file."""
    path = change.state.path
    system.files.makedirs(os.path.dirname(path), 0o700)
    mode = None if system.files.exists(path) else 0o644
    system.files.write(path, change.todo, mode=mode)
    return attributes.info(system, path)


RETURNS = """
name: The name as given.
key: The key as given.
path: The path worked on.
hash_host: As given.
state: What is there now, or what was asked for.
diff: What was before and what is after; whole with --diff.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
size: The file's size in bytes.
"""

EXAMPLES = """
- name: The repository's host
  known_hosts:
    name: git.example.org
    key: git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK8wboP9p7on3T6MI8EIfIYQF5Jxzpev5xB35GCeeZTG
    path: /etc/ssh/ssh_known_hosts
"""
