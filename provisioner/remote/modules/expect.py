"""Run a program and answer its questions."""

import re
import shlex
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..change import Change, Failed, Traits
from ..dialogue import converse
from ..params import Parameters, optional, required
from ..running import Found, decide, look
from ..system import System

TRAITS = Traits(predictable="no", rerun=False, settles=False)


class Params(Parameters):
    """The program runs on a terminal of its own, without a shell."""

    command: str = required("str", "The command line.")
    responses: Dict[str, Any] = required(
        "dict", "What to type by the regular expression of the question; of a list one after the other."
    )
    timeout: Any = optional("raw", "Seconds to wait for each question; null for ever.", 30)
    echo: bool = optional("bool", "Whether what is typed is part of the output.", False)
    chdir: Optional[str] = optional("path", "Change into this folder first.")
    creates: Optional[str] = optional("path", "Do not run where this file, or one matching this pattern, exists.")
    removes: Optional[str] = optional("path", "Only run where this file, or one matching this pattern, exists.")


State = Found


def inspect(params: Params, system: System) -> Found:
    """Look for ``creates``, ``removes`` and ``chdir``."""
    return look(params, system)


def plan(params: Params, state: Found) -> Change:
    """Decide whether to run."""
    if not params.command.strip():
        raise Failed("no command given", rc=256)
    _answers(params)
    return decide(params, state, params.command)


def _seconds(params: Params) -> Optional[float]:
    try:
        return None if params.timeout is None else float(params.timeout)
    except (TypeError, ValueError):
        raise Failed("timeout is no number: %s" % (params.timeout,)) from None


def _answers(params: Params) -> List[Tuple[Any, Callable[[], bytes]]]:
    answers = []
    for question, typed in params.responses.items():
        try:
            pattern = re.compile(str(question).encode("utf-8", "surrogateescape"))
        except re.error as error:
            raise Failed("response '%s' is not a regular expression: %s" % (question, error)) from None
        answers.append((pattern, _typing(str(question), typed)))
    return answers


def _typing(question: str, typed: Any) -> Callable[[], bytes]:
    if not isinstance(typed, list):
        return lambda: _line(typed)
    left = list(typed)

    def following() -> bytes:
        if not left:
            raise Failed("No remaining responses for '%s'" % question)
        return _line(left.pop(0))

    return following


def _line(typed: Any) -> bytes:
    return str(typed).rstrip("\n").encode("utf-8", "surrogateescape") + b"\n"


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run it and answer."""
    params = change.params
    words = shlex.split(params.command)
    cwd = system.files.real(params.chdir) if params.chdir else None
    began, started = time.time(), time.monotonic()
    try:
        spoken = converse(words, _answers(params), _seconds(params), params.echo, cwd)
    except (FileNotFoundError, PermissionError) as error:
        raise Failed("The command was not found or was not executable: %s" % words[0], rc=error.errno) from None
    said = spoken.out.rstrip("\r\n")
    result = {
        "cmd": params.command,
        "msg": "",
        "stdout": said,
        "stdout_lines": said.splitlines(),
        "rc": spoken.rc,
        "start": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(began)),
        "end": time.strftime("%Y-%m-%d %H:%M:%S"),
        "delta": "%.6f" % (time.monotonic() - started),
        "changed": True,
    }
    if spoken.rc != 0:
        del result["msg"]
    if any("\ud800" <= letter <= "\udfff" for letter in said):
        result.pop("msg", None)
        raise Failed("The command returned non UTF-8 data", **result)
    if spoken.rc is None:
        raise Failed("command exceeded timeout", **result)
    if spoken.rc != 0:
        raise Failed("non-zero return code", **result)
    return result


RETURNS = """
cmd: The command as it was run.
rc: The exit code.
stdout: What was written to standard output.
stdout_lines: The same, a line an item.
start: When it began.
end: When it ended.
delta: How long it took.
"""

EXAMPLES = """
- name: Somebody must say yes
  expect:
    command: /opt/app/install
    responses:
      "accept the license": "yes"
      "Path": [/opt/app, /var/lib/app]
    creates: /opt/app/installed
"""
