"""Run a command line on hosts that need no Python for it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import RawCall, Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional

TRAITS = Traits(predictable="no", rerun=False, settles=False)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Params(Parameters):
    """The command line, as the user's login shell reads it."""

    _raw_params: str | None = optional("str", "The command line, as free text.", aliases=("cmd", "free_form"))
    executable: str | None = optional("str", "The shell that runs it, instead of the login shell.")
    free_form = "_raw_params"


def run(call: ActionCall) -> Steps:
    """Pass the line on as it is; whether it changed anything nobody can know."""
    params = Params.parse(call.args)
    line = params._raw_params or ""
    if not line.strip():
        raise InputError.at(call.run.operation.position, "raw needs a command line")
    if call.check:
        return {"changed": False, "skipped": True, "msg": "unknown until run: its effect cannot be predicted"}
    route = call.resolved.route
    reply = yield RawCall(_complete(call, line, params.executable), route.target, route.become)
    result = result_of(reply)
    result.setdefault("changed", True)
    if result.get("rc") not in (None, 0):
        result.update(failed=True, msg="non-zero return code")
    return result


def _complete(call: ActionCall, line: str, executable: str | None) -> str:
    """Return the line with the task's environment before it, run by the shell that was asked for."""
    for name in call.resolved.environment:
        if not _NAME.fullmatch(name):
            raise InputError.at(call.run.operation.position, f"'{name}' cannot be the name of an environment variable")
    words = [f"{name}={shlex.quote(value)}" for name, value in call.resolved.environment.items()]
    if executable:
        line = f"{executable} -c {shlex.quote(line)}"
    if call.resolved.route.target.connection == "local":
        line = f"cd {shlex.quote(str(Path(call.run.play.compiled.play.basedir).absolute()))} 2>/dev/null; {line}"
    return f"export {' '.join(words)}; {line}" if words else line


RETURNS = """
rc: The exit code.
stdout: What was written to standard output.
stderr: What was written to standard error.
stdout_lines: The same, a line an item.
stderr_lines: The same, a line an item.
"""

EXAMPLES = """
- name: Bring Python to a new machine
  raw: test -e /usr/bin/python3 || (apt-get update && apt-get install -y python3-minimal)
  changed_when: false
"""
