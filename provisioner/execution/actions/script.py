"""Run a script of the controller's on hosts."""

from __future__ import annotations

import shlex

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Steps
from provisioner.execution.sending import read
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.script import EXAMPLES, TRAITS, Params
from provisioner.remote.params import BadParameters, Problem

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]


def run(call: ActionCall) -> Steps:
    """Send the script and its arguments in one call; the host decides about ``creates`` and ``removes``."""
    params = Params.parse(call.args)
    line = params.cmd if params.cmd is not None else params._raw_params
    try:
        words = shlex.split(line or "")
    except ValueError as error:
        raise InputError.at(call.run.operation.position, f"script: {error} in: {line}") from None
    if not words:
        raise BadParameters([Problem("", "one of the following is required: _raw_params, cmd")])
    known = yield from read(call, call.find_file(words[0], "files"), decrypts=params.decrypt)
    if not known.size:
        raise InputError.at(call.run.operation.position, f"script: {known.path} is empty")
    args = {name: value for name, value in call.args.items() if name != "decrypt"}
    return result_of((yield call.remote("script", args, body=known.body)))
