"""Tell how a job is doing that was started with ``async``, or remove what is left of it."""

from __future__ import annotations

from provisioner.execution.jobs import FOLDER
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.async_status import EXAMPLES, TRAITS, Params

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]


def run(call: ActionCall) -> Steps:
    """Ask the host, in the folder that the variable ``ansible_async_dir`` names."""
    found = call.scope.find("ansible_async_dir")
    folder = FOLDER if found is None else call.renderer.variable("ansible_async_dir", call.scope)
    return result_of((yield call.remote("async_status", {**call.args, "_async_dir": folder})))
