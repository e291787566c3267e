"""Manage the keys that may log in as a user."""

import os
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..sshkeys import PublicKey, public_key
from ..system import System
from ..system.accounts import User, find_user

TRAITS = Traits()


class Params(Parameters):
    """Keys, one a line, for one user's authorized_keys."""

    user: str = required("str", "Whose keys.")
    key: str = required("str", "Public keys, one a line, or the address of such a list.")
    state: str = optional("str", "Whether they may log in.", "present", choices=("absent", "present"))
    path: Optional[str] = optional("path", "The file; authorized_keys in the user's .ssh where not given.")
    key_options: Optional[str] = optional("str", "Options to put before the keys.")
    exclusive: bool = optional("bool", "Remove every other key.", False)
    manage_dir: bool = optional("bool", "Make the folder and set its permissions.", True)
    comment: Optional[str] = optional("str", "The comment to give the keys.")
    validate_certs: bool = optional("bool", "Check the certificate of the address's server.", True)
    follow: bool = optional("bool", "Follow a link in the place of the file.", False)


class State(NamedTuple):
    """The user, the file, its content, and the keys to look for."""

    user: Optional[User]
    path: str
    content: bytes
    keys: str


def inspect(params: Params, system: System) -> State:
    """Read the file, and the list of keys where it is an address."""
    user = find_user(system, params.user)
    if user is None and params.path is None:
        raise Failed("Failed to lookup user %s: there is no such user" % params.user)
    path = params.path or os.path.join(user.home if user else "/", ".ssh", "authorized_keys")
    keys = params.key
    if keys.startswith(("http://", "https://", "file://")):
        try:
            with urllib.request.urlopen(keys, timeout=30) as answer:  # noqa: S310 - as the user asked
                keys = answer.read().decode("utf-8")
        except (OSError, ValueError) as error:
            raise Failed("Error getting key from: %s: %s" % (params.key, error)) from None
    system.files.look(os.path.dirname(path))
    system.files.look(path)
    return State(user, path, _content(params, system, path, user), keys)


def _content(params: Params, system: System, path: str, user: Optional[User]) -> bytes:
    """Return what the file says; where it is a link that is not to be followed, its user must own what is read."""
    try:
        with system.files.hold(path, params.follow) as handle:
            if not handle.is_link:
                return handle.read()
        with system.files.hold(path, True) as handle:
            if user is not None and handle.status().st_uid == user.uid:
                return handle.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    raise Failed("%s is a link to a file of somebody else, which is only read and written to with follow" % path)


def plan(params: Params, state: State) -> Change:
    """Compare keys by type and data; an entry whose options or comment differ is replaced."""
    wanted = _wanted(params, state)
    lines = state.content.decode("utf-8", "surrogateescape").splitlines()
    after = _edited(params, wanted, lines)
    result = {name: value for name, value in params.raw().items() if name != "key"}
    result.update(key=params.key, keyfile=state.path)
    if after == lines:
        return Change(False, result=result)
    text = "".join(line + "\n" for line in after).encode("utf-8", "surrogateescape")
    return Change(True, text, result, text_diff(state.path, state.content, text))


def _wanted(params: Params, state: State) -> List[PublicKey]:
    found = []
    for line in state.keys.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        key = public_key(line)
        if key is None:
            raise Failed("invalid key specified: %s" % line)
        if params.key_options is not None:
            key = key._replace(options=params.key_options)
        if params.comment is not None:
            key = key._replace(comment=params.comment)
        found.append(key)
    return found


def _edited(params: Params, wanted: List[PublicKey], lines: List[str]) -> List[str]:
    by_data = {(key.kind, key.data): key for key in wanted}
    seen = set()
    after: List[str] = []
    for line in lines:
        here = public_key(line)
        if here is None:
            if not params.exclusive or not line.strip() or line.startswith("#"):
                after.append(line)
            continue
        same = by_data.get((here.kind, here.data))
        if same is None:
            if not (params.exclusive and params.state == "present"):
                after.append(line)
        elif params.state == "present" and same not in seen:
            seen.add(same)
            after.append(line if _alike(params, here, same) else same.line())
    if params.state == "present":
        after += [key.line() for key in wanted if key not in seen]
    return after


def _alike(params: Params, here: PublicKey, wanted: PublicKey) -> bool:
    return here.options == wanted.options and (here.comment == wanted.comment or not wanted.comment)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file so that sshd accepts it: 0600, the folder 0700, both the user's."""
    params, state = change.params, change.state
    folder = os.path.dirname(state.path)
    if params.manage_dir:
        made = system.files.makedirs(folder, 0o700)
        if state.user is not None:
            for each in made or [folder]:
                system.files.chown(each, state.user.uid, state.user.gid)
        with system.files.hold(folder, follow=False) as handle:
            handle.chmod(0o700)  # of a link nothing, wherever the user has it lead to
    elif not system.files.is_dir(folder):
        raise Failed("the folder %s is not there and manage_dir is off" % folder)
    is_new = not system.files.exists(state.path) or (system.files.is_link(state.path) and not params.follow)
    owner = (state.user.uid, state.user.gid) if is_new and state.user is not None else (-1, -1)
    mode = 0o600 if is_new else None
    with system.files.replacing(state.path, mode=mode, owner=owner, follow=params.follow) as stream:
        stream.write(change.todo)
    return None


RETURNS = """
user: Whose file it is.
key: The key, or keys, that were given.
key_options: Options that stand before the key.
keyfile: The file.
path: The file that was named, if any.
state: What was asked for.
exclusive: Whether all other keys go.
manage_dir: Whether the file's folder is looked after.
validate_certs: Whether a server's certificate must be valid.
comment: The comment that was asked for.
follow: Whether a link is followed.
"""

EXAMPLES = """
- name: Alice's key
  authorized_key:
    user: alice
    key: "{{ lookup('file', 'keys/alice.pub') }}"
"""
