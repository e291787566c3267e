"""Make a password that only this host knows, for logging in to another MariaDB server.

It lies in a file that only root may read. What is returned is not the password but its hash: the other server can keep
that for an account.
"""

import base64
import os
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Traits
from ..params import Parameters, optional, required
from ..system import System, mysql_passwords, notes

TRAITS = Traits()


class Params(Parameters):
    """Where it lies."""

    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it exists.", "present", choices=("present", "absent"))


class State(NamedTuple):
    """Whether there is one, and its hash."""

    is_there: bool
    hash: str


def inspect(params: Params, system: System) -> State:
    """Read it."""
    password = notes.read(system.files.real(params.path)).strip()
    return State(bool(password), mysql_passwords.native(password))


def plan(params: Params, state: State) -> Change:
    """There is one, or there is none."""
    if params.state == "absent":
        return Change(state.is_there)
    return Change(not state.is_there, result={"hash": state.hash})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make or remove it."""
    if change.params.state == "absent":
        notes.write(system.files.real(change.params.path), "")
        return None
    password = base64.urlsafe_b64encode(os.urandom(24)).decode()
    notes.write(system.files.real(change.params.path), password + "\n", 0o600)
    return {"hash": mysql_passwords.native(password)}


RETURNS = """
hash: The hash of the password, which the other server may keep.
"""

EXAMPLES = """
- name: A password for following another server
  mysql_passfile:
    path: /var/lib/provisioner/shop.password
  register: login
"""
