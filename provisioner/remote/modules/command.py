"""Run a program without a shell."""

import os
import shlex
from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..running import Found, RunParameters, decide, look, run
from ..system import System

TRAITS = Traits(predictable="no", rerun=False, settles=False)


class Params(RunParameters):
    """One of free text, ``cmd`` or ``argv`` says what to run; variables and ``~`` are expanded, nothing else is."""

    cmd: Optional[str] = optional("str", "The command line.")
    argv: Optional[List[str]] = optional("list", "The command as a list of words.", elements="str")
    executable: Optional[str] = optional("path", "Accepted and ignored, as Ansible does; it belongs to shell.")
    stdin: Optional[str] = optional("str", "Text for the program's standard input.")
    stdin_add_newline: bool = optional("bool", "Whether to end that text with a newline.", True)
    strip_empty_ends: bool = optional("bool", "Whether to drop empty lines at the end of the output.", True)
    expand_argument_vars: bool = optional("bool", "Whether to expand $NAME and ~ in the words.", True)


State = Found


def inspect(params: Params, system: System) -> Found:
    """Look for ``creates``, ``removes`` and ``chdir``."""
    if params.argv is not None and (params.cmd or params._raw_params):
        raise Failed("only command or argv can be given, not both", rc=256, cmd=None)
    if params.cmd and params._raw_params:
        raise Failed("only command or cmd can be given, not both", rc=256, cmd=None)
    return look(params, system)


def plan(params: Params, state: Found) -> Change:
    """Decide whether to run; what running would change is unknown."""
    words = _words(params)
    if not words:
        raise Failed("no command given", rc=256, cmd=None)
    return decide(params, state, words)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run it."""
    params = change.params
    shown = _words(params)
    argv = [_expanded(word) for word in shown] if params.expand_argument_vars else shown
    stdin = None
    if params.stdin is not None:
        text = params.stdin + ("\n" if params.stdin_add_newline else "")
        stdin = text.encode("utf-8", "surrogateescape")
    result = run(argv, shown, params, system, stdin)
    if params.executable:
        told = "the parameter 'executable' is no longer supported with the module command: %s is not used; take shell"
        result["warnings"] = [told % params.executable]
    return result


def _words(params: Params) -> List[str]:
    if params.argv is not None:
        return params.argv
    line = params.cmd if params.cmd is not None else params._raw_params
    try:
        return shlex.split(line or "")
    except ValueError as error:
        raise Failed("the command line cannot be split into words: %s: %s" % (error, line), cmd=line) from None


def _expanded(word: str) -> str:
    return os.path.expanduser(os.path.expandvars(word))


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
- name: Read the kernel's version
  command: uname -r
- name: Make a database once
  command:
    argv: [/usr/bin/make_database.sh, --user, "db user"]
    creates: /var/lib/database
- name: Words with input
  command:
    cmd: tee notes
    chdir: /srv
    stdin: hello
"""
