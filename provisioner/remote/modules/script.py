"""Run a script of the controller's on the host; the script travels as the request's body."""

import os
import shlex
from typing import Any, Dict, Optional

from ..change import Change, Failed, Skipped, Traits
from ..params import mutually_exclusive, optional
from ..running import Found, RunParameters, decide, look, run
from ..system import System

TRAITS = Traits(predictable="no", rerun=False, settles=False)


class Params(RunParameters):
    """Free text or ``cmd`` is the script's name and its arguments; only the arguments are used on the host."""

    cmd: Optional[str] = optional("str", "The script with its arguments.")
    executable: Optional[str] = optional("str", "The program that runs the script, where it names none itself.")
    decrypt: bool = optional("bool", "Whether the controller decrypts a vaulted script.", True)
    rules = (mutually_exclusive("_raw_params", "cmd"),)


State = Found


def inspect(params: Params, system: System) -> Found:
    """Look for ``creates``, ``removes`` and ``chdir``."""
    if system.payload is None:
        raise Failed("the script itself was not sent along")
    return look(params, system)


def plan(params: Params, state: Found) -> Change:
    """Decide whether to run; what running would change is unknown."""
    line = params.cmd if params.cmd is not None else params._raw_params
    if not line:
        raise Failed("no script given")
    if params.creates and state.created:
        raise Skipped("%s exists, matching creates option" % params.creates)
    if params.removes and not state.removable:
        raise Skipped("%s does not exist, matching removes option" % params.removes)
    return decide(params, state, line)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the script where only this user can read it, run it, remove it."""
    params = change.params
    line = params.cmd if params.cmd is not None else params._raw_params
    words = shlex.split(line)
    if system.payload is None:
        raise Failed("the script itself was not sent along")
    folder = os.path.join(system.tmp, "script")
    os.mkdir(folder, 0o700)
    path = os.path.join(folder, os.path.basename(words[0]))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(system.payload.read())
        argv = _interpreter(path, params.executable) + words[1:]
        return run(argv, line, params, system)
    finally:
        if os.path.lexists(path):
            os.unlink(path)
        os.rmdir(folder)


def _interpreter(path: str, executable: Optional[str]) -> Any:
    """A script without a ``#!`` line is run by a shell, as a login shell would do."""
    if executable:
        return [*shlex.split(executable), path]
    with open(path, "rb") as stream:
        start = stream.read(4)
    return [path] if start.startswith((b"#!", b"\x7fELF")) else ["/bin/sh", path]


RETURNS = """
cmd: The command as it was run.
rc: The exit code.
start: When it began.
end: When it ended.
delta: How long it took.
stdout: What was written to standard output.
stderr: What was written to standard error.
stdout_lines: The same, a line an item.
stderr_lines: The same, a line an item.
msg: What was done, in words.
"""

EXAMPLES = """
- name: Run a script of ours with arguments
  script: scripts/prepare.sh --quick
  args:
    creates: /etc/prepared
- name: Run one with an interpreter
  script:
    cmd: scripts/report.py
    executable: python3
"""
