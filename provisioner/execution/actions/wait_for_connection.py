"""Wait until a host can be worked with."""

from __future__ import annotations

import time

from provisioner.execution.needs import Sleep, Steps
from provisioner.execution.reaching import GaveUp, Probe, answered
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, demand, optional

TRAITS = Traits()


class Params(Parameters):
    """How long to wait, and how often to look."""

    connect_timeout: int = optional("int", "Accepted; a connection attempt has the run's own time limit.", 5)
    delay: int = optional("int", "Seconds before the first look.", 0)
    sleep: int = optional("int", "Seconds between looks.", 1)
    timeout: int = optional("int", "Seconds in all.", 600)


def run(call: ActionCall) -> Steps:
    """Connect anew until a worker answers."""
    unknown = sorted(set(call.args) - set(Params.names()))
    demand(not unknown, f"Invalid options for wait_for_connection: {', '.join(unknown)}")
    params = Params.parse(call.args)
    begun = time.monotonic()
    if params.delay:
        yield Sleep(params.delay)
    try:
        yield from answered(call, Probe("ping", {}, lambda r: r.get("ping") == "pong"), params.timeout, params.sleep)
    except GaveUp as said:
        elapsed = int(time.monotonic() - begun)
        message = f"timed out waiting for ping module test: {said}"
        return {"failed": True, "changed": False, "elapsed": elapsed, "msg": message}
    return {"changed": False, "elapsed": int(time.monotonic() - begun)}


RETURNS = """
elapsed: Seconds it took.
"""

EXAMPLES = """
- name: The new machine is up
  wait_for_connection:
    delay: 5
    timeout: 300
"""
