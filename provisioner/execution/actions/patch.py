"""Apply a patch file, or take it back; the file may lie on the controller."""

from __future__ import annotations

from provisioner.execution.judge import result_of
from provisioner.execution.needs import Steps
from provisioner.execution.sending import read
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.patch import EXAMPLES, TRAITS, Params

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]


def run(call: ActionCall) -> Steps:
    """Send the patch along, unless it lies on the host."""
    params = Params.parse(call.args)
    if params.remote_src:
        return result_of((yield call.remote("patch", call.args)))
    known = yield from read(call, call.find_file(params.src, "files"), decrypts=True)
    return result_of((yield call.remote("patch", call.args, body=known.body)))
