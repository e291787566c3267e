"""Run a command line through a shell."""

from typing import Any, Dict, Optional

from ..change import Change, Failed, Traits
from ..params import mutually_exclusive, optional
from ..running import Found, RunParameters, decide, look, run
from ..system import System

TRAITS = Traits(predictable="no", rerun=False, settles=False)


class Params(RunParameters):
    """Free text or ``cmd`` is the command line; ``/bin/sh`` reads it unless ``executable`` names another shell."""

    cmd: Optional[str] = optional("str", "The command line.")
    executable: Optional[str] = optional("path", "The shell to use; an absolute path.")
    stdin: Optional[str] = optional("str", "Text for the command's standard input.")
    stdin_add_newline: bool = optional("bool", "Whether to end that text with a newline.", True)
    strip_empty_ends: bool = optional("bool", "Whether to drop empty lines at the end of the output.", True)
    rules = (mutually_exclusive("_raw_params", "cmd"),)
    names_supported = False


State = Found


def inspect(params: Params, system: System) -> Found:
    """Look for ``creates``, ``removes`` and ``chdir``."""
    return look(params, system)


def plan(params: Params, state: Found) -> Change:
    """Decide whether to run; what running would change is unknown."""
    line = _line(params)
    if not line.strip():
        raise Failed("no command given", rc=256, cmd=None)
    return decide(params, state, line)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Hand the line to the shell."""
    params = change.params
    stdin = None
    if params.stdin is not None:
        stdin = (params.stdin + ("\n" if params.stdin_add_newline else "")).encode("utf-8", "surrogateescape")
    line = _line(params)
    return run([params.executable or "/bin/sh", "-c", line], line, params, system, stdin)


def _line(params: Params) -> str:
    return (params.cmd if params.cmd is not None else params._raw_params) or ""


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
- name: Count the users
  shell: wc -l < /etc/passwd
- name: Build once
  shell:
    cmd: ./configure && make | tee build.log
    chdir: /usr/src/thing
    creates: /usr/src/thing/build.log
    executable: /bin/bash
"""
