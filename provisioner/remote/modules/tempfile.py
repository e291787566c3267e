"""Make a temporary file or directory that only this user can use."""

import os
import tempfile
from typing import Any, Dict, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System, attributes

TRAITS = Traits(rerun=True, settles=False)


class Params(Parameters):
    """It stays until something removes it."""

    state: str = optional("str", "What to make.", "file", choices=("file", "directory"))
    path: Optional[str] = optional("path", "Where to make it; the system's place for temporary files without.")
    prefix: str = optional("str", "How its name begins.", "ansible.")
    suffix: str = optional("str", "How its name ends.", "")


State = str


def inspect(params: Params, system: System) -> str:
    """Say where it will be made."""
    return params.path or tempfile.gettempdir()


def plan(params: Params, state: str) -> Change:
    """Each run makes a new one; its name is not known before."""
    return Change(True, diff={"before": {"path": state + "/"}, "after": {"path": state + "/", "state": params.state}})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make it."""
    params: Params = change.params
    folder = change.state
    real = system.files.real(folder)
    try:
        if params.state == "directory":
            made = tempfile.mkdtemp(params.suffix, params.prefix, real)
        else:
            descriptor, made = tempfile.mkstemp(params.suffix, params.prefix, real)
            os.close(descriptor)
    except OSError as error:
        raise Failed("cannot make a temporary %s in %s: %s" % (params.state, folder, error.strerror)) from error
    path = os.path.join(folder, os.path.basename(made))
    return dict(attributes.info(system, path), path=path)


RETURNS = """
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
state: What is there now, or what was asked for.
size: The file's size in bytes.
path: The path worked on.
"""

EXAMPLES = """
- name: A place to unpack
  tempfile:
    state: directory
    suffix: .build
  register: place
"""
