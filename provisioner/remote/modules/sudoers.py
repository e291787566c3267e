"""Manage rules of sudo, one file each."""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, mutually_exclusive, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("sudo",))
MODE = 0o440


class Params(Parameters):
    """Who may run what as whom; the file is checked by visudo before it is put in place."""

    name: str = required("str", "The file's name.")
    commands: Optional[List[str]] = optional("list", "What may be run, by full path, or ALL.", elements="str")
    user: Optional[str] = optional("str", "Who may.")
    group: Optional[str] = optional("str", "Whose members may.")
    host: str = optional("str", "Where.", "ALL")
    runas: Optional[str] = optional("str", "As whom.")
    nopassword: bool = optional("bool", "Ask for no password.", True)
    noexec: bool = optional("bool", "The commands may start no others.", False)
    setenv: bool = optional("bool", "The user may set variables.", False)
    state: str = optional("str", "Whether the rule is there.", "present", choices=("absent", "present"))
    sudoers_path: str = optional("path", "The folder.", "/etc/sudoers.d")
    validation: str = optional(
        "str",
        "Whether visudo must accept it: where it is there, always, never.",
        "detect",
        choices=("absent", "detect", "required"),
    )
    rules = (mutually_exclusive("user", "group"),)


class State(NamedTuple):
    """The file's path, content and permissions."""

    path: str
    content: Optional[bytes]
    mode: int


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    path = os.path.join(params.sudoers_path, params.name)
    status = system.files.stat(path, follow=True)
    return State(path, system.files.read_or_none(path), status.st_mode & 0o7777 if status else 0)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "absent":
        diff = text_diff(state.path, state.content, None) if state.content is not None else None
        return Change(state.content is not None, None, diff=diff)
    if not params.commands or not (params.user or params.group):
        raise Failed("user or group, and commands, are required with state=present")
    if "." in params.name or params.name.endswith("~"):
        raise Failed("sudo reads no files with a dot in the name or a tilde at its end: %s" % params.name)
    content = _line(params).encode()
    if content == state.content and state.mode == MODE:
        return Change(False)
    return Change(True, content, diff=text_diff(state.path, state.content, content))


def _line(params: Params) -> str:
    who = params.user or "%" + (params.group or "")
    marks = [
        "(%s)" % params.runas if params.runas else "",
        "NOEXEC:" if params.noexec else "",
        "NOPASSWD:" if params.nopassword else "",
        "SETENV:" if params.setenv else "",
    ]
    return "%s %s=%s %s\n" % (who, params.host, "".join(marks), ", ".join(params.commands or []))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Let visudo read the new file, then put it in place."""
    params, path = change.params, change.state.path
    if change.todo is None:
        system.files.remove(path)
        return None
    _validate(params, change.todo, system)
    system.files.makedirs(params.sudoers_path, 0o750)
    system.files.write(path, change.todo, mode=MODE)
    return None


def _validate(params: Params, content: bytes, system: System) -> None:
    program = system.commands.which("visudo") if params.validation != "absent" else None
    if program is None:
        if params.validation == "required":
            raise Failed('Failed to find required executable "visudo" in the search path')
        return
    done = system.commands.run([program, "-c", "-f", "-"], stdin=content, env=PLAIN)
    if done.rc != 0:
        said = (done.out + done.err).strip()
        raise Failed("Failed to validate sudoers rule: %s" % said, rc=done.rc, stdout=done.out, stderr=done.err)


RETURNS = """
rc: Exit code of the program.
stdout: What the program wrote.
stderr: What the program wrote as errors.
"""

EXAMPLES = """
- name: The backup user may run one program
  sudoers:
    name: backup
    user: backup
    commands: /usr/local/bin/make-backup
- name: Administrators may do everything, with their password
  sudoers:
    name: admins
    group: admins
    runas: ALL
    nopassword: false
    commands: ALL
"""
