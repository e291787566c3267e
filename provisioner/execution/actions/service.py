"""Start, stop and enable services, whatever runs them."""

from __future__ import annotations

from provisioner.execution.delegating import run_by_choice
from provisioner.execution.needs import Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.service import EXAMPLES, TRAITS, Params

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

MANAGERS = ("systemd", "sysvinit")


def run(call: ActionCall) -> Steps:
    """Send the task with what ``module_defaults`` holds for the managers it may come to."""
    return (yield from run_by_choice(call, "service", MANAGERS))
