"""Make a password that only this host's PostgreSQL server knows, for logging in to another server.

The password lies in a file that only the server's system user may read. What is returned is not the password but its
SCRAM verifier: the other server can keep that for a role, and nobody can log in with it.
"""

import base64
import json
import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System
from ..system.postgresql_cluster import home, write_private
from ..system.postgresql_wire import LocalParameters, verifier

TRAITS = Traits(locks=("postgresql",))


class Params(LocalParameters):
    """The password's name."""

    name: str = required("str", "What it is for.")
    state: str = optional("str", "Whether it exists.", "present", choices=("present", "absent"))


class State(NamedTuple):
    """The file's path, and the verifier of the password in it, empty where there is none."""

    path: str
    verifier: str


def path_of(params: LocalParameters, name: str) -> str:
    """Return where the password ``name`` lies."""
    if not name or not all(letter.isalnum() or letter in "_-" for letter in name):
        raise Failed("'%s' cannot be the name of a password file" % name)
    return os.path.join(home(params), ".provisioner-%s.pgpass" % name)


def inspect(params: Params, system: System) -> State:
    """Read the password and compute its verifier."""
    path = path_of(params, params.name)
    try:
        with open(path) as stream, open(path + ".salt") as salted:
            password, salt = stream.read().strip().rpartition(":")[2], base64.b64decode(json.load(salted)["salt"])
    except (OSError, ValueError, KeyError):
        return State(path, "")
    return State(path, verifier(password, salt) if password and salt else "")


def plan(params: Params, state: State) -> Change:
    """There is one, or there is none."""
    result = {"path": state.path, "verifier": state.verifier}
    if params.state == "present":
        return Change(not state.verifier, result=result)
    return Change(any(map(os.path.exists, _files(state.path))), result={"path": state.path})


def _files(path: str) -> List[str]:
    """Return what belongs to a password: itself, its salt, and the note of what was copied with it."""
    return [path, path + ".salt", path[: -len(".pgpass")] + "-brought.json"]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make or remove it."""
    params, path = change.params, change.state.path
    if params.state == "absent":
        for each in _files(path):
            if os.path.exists(each):
                os.unlink(each)
        return None
    salt = os.urandom(16)
    password = base64.urlsafe_b64encode(os.urandom(30)).decode()
    write_private(params, path + ".salt", json.dumps({"salt": base64.b64encode(salt).decode()}))
    write_private(params, path, "*:*:*:*:%s\n" % password)
    return {"verifier": verifier(password, salt)}


EXAMPLES = """
- name: A password for the server of this host
  postgresql_passfile:
    name: to_primary
  register: login
"""
