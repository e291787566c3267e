"""Let one host copy named directories from another, and do nothing else there: a key for one purpose and a short time.

``made`` makes the key on the host that copies. ``authorized`` lets it in on the other: its line in authorized_keys
starts an rsync daemon whose settings name the directories, and accepts no other command, no forwarding, no other
address. ``trusted`` tells the copying host the other's host keys. ``absent`` takes all of it away again, on either.
"""

import os
import re
import socket
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required, required_if, required_together
from ..sshkeys import public_key
from ..system import System
from ..system.accounts import User, find_user
from ..transfers import (
    KEPT_OPEN_S,
    LISTS,
    OLD_LIMITS,
    PEER,
    SAFE_ADDRESS,
    Transfer,
    TransferParameters,
    Tree,
    daemon_command,
    daemon_settings,
    hang_up,
    key_line,
    own_folder,
    transfer,
    trees_of,
)

TRAITS = Traits()
ENDINGS = ("key", "key.pub", "ssh", "known_hosts", "rsyncd", "begun", "turned", "log", "progress", "lock")
LEFT = (LISTS, "rsyncd.log")
RESTRICT_SINCE = (7, 2)
KEY_TYPES = ("ed25519", "ecdsa", "rsa")


class Params(TransferParameters):
    """Which transfer, and which of the four things to see to."""

    state: str = required("str", "What to see to.", choices=("made", "authorized", "trusted", "absent"))
    address: Optional[str] = optional("str", "``made`` and ``trusted``: the other host's address.")
    key_type: str = optional(
        "str", "``made``: the key's kind; before OpenSSH 6.5 servers know no ed25519.", "ed25519", choices=KEY_TYPES
    )
    port: int = optional("int", "``trusted``: the port of its SSH server.", 22)
    user: str = optional(
        "str", "``authorized`` and ``trusted``: who logs in there; not root needs sudo for rsync.", "root"
    )
    public_key: Optional[str] = optional("str", "``authorized``: the key, as ``made`` returned it; the one of before.")
    source: List[str] = optional("list", "``authorized``: the addresses it may come from.", elements="str")
    trees: List[Any] = optional("list", "``authorized``: the directories.", (), elements="dict", options=Tree)
    make: bool = optional(
        "bool", "``authorized``: make the directories, for root alone, where they are missing.", False
    )
    writable: bool = optional("bool", "``authorized``: whether they may be written to, for the way back.", False)
    host_keys: List[str] = optional(
        "list", "``trusted``: its host keys, as ``authorized`` returned them.", elements="str"
    )
    ssh_options: Dict[str, Any] = optional("dict", "``trusted``: more settings for ssh, such as algorithms of old.", {})
    rules = (
        required_if("state", "made", "address"),
        required_if("state", "authorized", "trees"),
        required_together("public_key", "source"),
        required_if("state", "trusted", "address", "host_keys"),
    )


class State(NamedTuple):
    """The files that are there, the user's authorized_keys, and what ``made`` and ``authorized`` return."""

    files: Dict[str, Optional[bytes]]
    user: Optional[User]
    keys: bytes
    told: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Read what is there."""
    moved = transfer(params)
    files = {ending: system.files.read_or_none(moved.file(ending)) for ending in ENDINGS}
    user = find_user(system, params.user)
    told: Dict[str, Any] = {}
    if params.state == "made" and params.address:
        told["source_address"] = _source_address(params.address)
    if params.state == "authorized":
        if user is None:
            raise Failed("there is no user %s here" % params.user)
        for tree in trees_of(params.trees):
            if not params.make and not system.files.is_dir(tree["path"]):
                raise Failed("%s is no directory here" % tree["path"])
        told["host_keys"] = _host_keys(system)
        told["restrict"] = _knows_restrict(system)
    if params.state == "absent":
        told["left"] = any(system.files.exists(moved.file(ending)) for ending in LEFT)
    keys = system.files.read_or_none(_keys_path(user)) if user else None
    return State(files, user, keys or b"", told)


def _source_address(address: str) -> str:
    """Return the address from which this host would speak to another; nothing is sent."""
    for family, kind, _, _, where in socket.getaddrinfo(address, 9, type=socket.SOCK_DGRAM):
        with socket.socket(family, kind) as probe:
            try:
                probe.connect(where)
            except OSError:
                continue
            return str(probe.getsockname()[0])
    raise Failed("there is no way from here to %s" % address)


def _host_keys(system: System) -> List[str]:
    folder = "/etc/ssh"
    names = system.files.listdir(folder) if system.files.is_dir(folder) else []
    found = []
    for name in names:
        if name.startswith("ssh_host_") and name.endswith(".pub"):
            key = public_key((system.files.read_or_none(folder + "/" + name) or b"").decode("utf-8", "replace"))
            found += ["%s %s" % (key.kind, key.data)] if key else []
    return found


def _knows_restrict(system: System) -> bool:
    done = system.commands.run(["ssh", "-V"])
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", done.err + done.out)
    return bool(match) and (int(match.group(1)), int(match.group(2))) >= RESTRICT_SINCE if match else False


def _keys_path(user: User) -> str:
    return os.path.join(user.home, ".ssh", "authorized_keys")


def plan(params: Params, state: State) -> Change:
    """Compare the wanted files and line with those that are there."""
    moved = transfer(params)
    if params.state == "made":
        return _plan_made(params, state)
    if params.state == "absent":
        there = sorted(ending for ending, content in state.files.items() if content is not None)
        keys = _without(state.keys, moved)
        return Change(bool(there) or state.told["left"] or keys != state.keys, (there, keys))
    result: Dict[str, Any] = {}
    keys = state.keys
    if params.state == "authorized" and params.public_key == "":
        # in check mode, as the key is still to be made
        return Change(True, None, {"host_keys": state.told["host_keys"]})
    if params.state == "authorized":
        wanted = {"rsyncd": daemon_settings(moved, trees_of(params.trees), params.writable)}
        keys = _with(params, state, moved)
        result["host_keys"] = state.told["host_keys"]
    else:
        wanted = {"known_hosts": _known_hosts(params), "ssh": _settings(params, moved)}
        if params.ssh_options:
            result["warnings"] = ["the connection uses settings given by hand: %s" % _listed(params.ssh_options)]
    differing = {ending: text for ending, text in wanted.items() if state.files[ending] != text.encode()}
    return Change(bool(differing) or keys != state.keys, (differing, keys), result)


def _plan_made(params: Params, state: State) -> Change:
    public = (state.files["key.pub"] or b"").decode("utf-8", "replace").strip()
    result = dict(state.told, public_key=" ".join(public.split()[:2]))
    is_right = public.startswith(("ssh-%s " % params.key_type, "%s-" % params.key_type))
    return Change(state.files["key"] is None or not is_right, (), result)


def _listed(options: Dict[str, Any]) -> str:
    return ", ".join("%s=%s" % pair for pair in sorted(options.items()))


def _without(keys: bytes, moved: Transfer) -> bytes:
    lines = keys.splitlines(True)
    if lines and not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    return b"".join(line for line in lines if line.split()[-1:] != [moved.mark.encode()])


def _with(params: Params, state: State, moved: Transfer) -> bytes:
    others = _without(state.keys, moved)
    if params.public_key is None:
        if others == state.keys:
            raise Failed("no key is let in for the transfer %s yet: 'public_key' and 'source' are needed" % moved.name)
        return state.keys
    keys = others + _line(params, state, moved).encode() + b"\n"
    return state.keys if sorted(keys.splitlines()) == sorted(state.keys.splitlines()) else keys


def _line(params: Params, state: State, moved: Transfer) -> str:
    key = public_key(params.public_key or "")
    if key is None:
        raise Failed("'%s' is no public key" % params.public_key)
    limits = "restrict" if state.told["restrict"] else OLD_LIMITS
    command = ("" if params.user == "root" else "sudo -n ") + daemon_command(moved)
    return key_line(moved, " ".join([key.kind, key.data]), params.source, command, limits)


def _known_hosts(params: Params) -> str:
    return "".join("%s %s\n" % (PEER, key) for key in params.host_keys)


def _settings(params: Params, moved: Transfer) -> str:
    address = params.address or ""
    if not SAFE_ADDRESS.match(address):
        raise Failed("'%s' is no address" % address)
    lines = {
        "HostName": address,
        "Port": params.port,
        "User": params.user,
        "HostKeyAlias": PEER,
        "IdentityFile": moved.file("key"),
        "UserKnownHostsFile": moved.file("known_hosts"),
        "ControlPath": moved.socket,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "BatchMode": "yes",
        "ConnectTimeout": 10,
        "ServerAliveInterval": 5,
        "ServerAliveCountMax": 3,
        "ControlMaster": "auto",
        "ControlPersist": KEPT_OPEN_S,
        "LogLevel": "ERROR",
    }
    more = "".join("  %s %s\n" % (name, str(value).replace("\n", " ")) for name, value in params.ssh_options.items())
    return "Host %s\n%s" % (PEER, more) + "".join("  %s %s\n" % pair for pair in lines.items())


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the key, write the files, or remove them."""
    params, moved = change.params, transfer(change.params)
    if params.state == "absent":
        _remove(change, system, moved)
        return None
    own_folder(system, params.folder)
    if params.state == "made":
        return {"public_key": _make(system, moved, params.key_type)}
    if change.todo is None:
        raise Failed("'public_key' is empty")
    differing, keys = change.todo
    if params.state == "authorized":
        for path in (moved.file(LISTS), *(tree["path"] for tree in trees_of(params.trees) if params.make)):
            own_folder(system, path)
    elif differing:
        own_folder(system, os.path.dirname(moved.socket))
    if "ssh" in differing:
        hang_up(system, moved)  # a connection that is open was opened with other settings
    for ending, text in differing.items():
        system.files.write(moved.file(ending), text.encode(), mode=0o600)
    if keys != change.state.keys:
        _write_keys(system, change.state.user, keys)
    return None


def _make(system: System, moved: Transfer, kind: str) -> str:
    path = moved.file("key")
    system.files.remove(path)
    system.files.remove(path + ".pub")
    words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", moved.mark, "-f", system.files.real(path)]
    done = system.commands.run(words)
    if done.rc != 0:
        raise Failed("the key could not be made: %s" % (done.err or done.out).strip(), rc=done.rc)
    return " ".join(system.files.read(path + ".pub").decode().split()[:2])


def _write_keys(system: System, user: User, keys: bytes) -> None:
    path = _keys_path(user)
    folder = os.path.dirname(path)
    for each in system.files.makedirs(folder, 0o700) or [folder]:
        system.files.chown(each, user.uid, user.gid)
    is_new = not system.files.exists(path)
    owner = (user.uid, user.gid) if is_new else (-1, -1)
    with system.files.replacing(path, mode=0o600 if is_new else None, owner=owner) as stream:
        stream.write(keys)


def _remove(change: Change, system: System, moved: Transfer) -> None:
    there, keys = change.todo
    if "ssh" in there:
        hang_up(system, moved)
    if keys != change.state.keys:
        _write_keys(system, change.state.user, keys)
    for ending in there:
        system.files.remove(moved.file(ending))
    for ending in LEFT:
        system.files.remove(moved.file(ending))


RETURNS = """
public_key: ``made``, the key to authorize.
source_address: ``made``, the address from which this host speaks to the other.
host_keys: ``authorized``, this host's own keys.
"""

EXAMPLES = """
- name: A key that may fetch the uploads
  transfer_key:
    state: made
    folder: /var/lib/provisioner/migration/shop
    name: uploads
    address: 192.0.2.10
- name: The old server lets it in for that
  transfer_key:
    state: authorized
    folder: /var/lib/provisioner/migration/shop
    name: uploads
    public_key: "{{ hostvars['new1'].key.public_key }}"
    source: ["{{ hostvars['new1'].key.source_address }}"]
    trees:
      - path: /srv/uploads
"""
