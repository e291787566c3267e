"""Restart a host and wait until it is back."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from provisioner.execution.judge import result_of
from provisioner.execution.needs import Need, Sleep, Steps
from provisioner.execution.reaching import GaveUp, Probe, answered
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.reboot import EXAMPLES, LEAVE_S, TRAITS, Params
from provisioner.remote.params import demand

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
PAUSE_S = 1.0


def run(call: ActionCall) -> Steps:
    """Give the order, then connect anew until it is another boot and the test command works."""
    unknown = sorted(set(call.args) - set(Params.names()))
    demand(not unknown, f"Invalid options for reboot: {', '.join(unknown)}")
    params = Params.parse(call.args)
    begun = time.monotonic()
    ordered = result_of((yield call.remote("reboot", call.args, last=False)))
    if ordered.get("failed"):
        return {**ordered, "rebooted": False}
    if call.check:
        return {"changed": True, "elapsed": 0, "rebooted": True}
    yield Sleep(max(params.pre_reboot_delay, LEAVE_S))
    try:
        yield from _wait(call, params, str(ordered.get("boot_id")).strip())
    except GaveUp as said:
        elapsed = int(time.monotonic() - begun)
        message = f"Timed out waiting for the host to come back (timeout={params.reboot_timeout}): {said}"
        return {"failed": True, "changed": True, "rebooted": True, "elapsed": elapsed, "msg": message}
    if params.post_reboot_delay > 0:
        yield Sleep(params.post_reboot_delay)
    return {"changed": True, "rebooted": True, "elapsed": int(time.monotonic() - begun)}


def _wait(call: ActionCall, params: Params, before: str) -> Generator[Need, Any, None]:
    boot = Probe(
        "shell", {"_raw_params": BOOT_ID}, lambda r: not r.get("failed") and str(r.get("stdout")).strip() != before
    )
    yield from answered(call, boot, params.reboot_timeout, PAUSE_S)
    test = Probe("shell", {"_raw_params": params.test_command}, lambda r: not r.get("failed"))
    yield from answered(call, test, params.reboot_timeout, PAUSE_S)
