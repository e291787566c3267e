"""Reboot a host and wait until it is back."""

from __future__ import annotations

import shlex
import time
from collections.abc import Generator
from typing import Any

from provisioner.diagnostics.errors import Lost
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Need, Result, Sleep, Steps
from provisioner.execution.reaching import GaveUp, Probe, answered
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional

TRAITS = Traits(rerun=False, settles=False)
MINUTE = 60
PAUSE_S = 1.0
SEARCHED = ("/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin")


class Params(Parameters):
    """Times to wait, and the commands used."""

    pre_reboot_delay: int = optional("int", "Seconds until the reboot; rounded down to minutes.", 0)
    post_reboot_delay: int = optional("int", "Seconds to wait after the host is back.", 0)
    reboot_timeout: int = optional("int", "Seconds for the reboot, and again for the test command.", 600)
    connect_timeout: int | None = optional("int", "Accepted; a connection attempt has the run's own time limit.")
    test_command: str = optional("str", "A command that must succeed before the host counts as back.", "whoami")
    msg: str = optional("str", "What users who are logged in are told.", "Reboot initiated by provisioner")
    search_paths: list[str] = optional("list", "Where the shutdown program is looked for.", SEARCHED, elements="str")
    boot_time_command: str = optional(
        "str", "Prints something that differs after a boot.", "cat /proc/sys/kernel/random/boot_id"
    )
    reboot_command: str | None = optional("str", "Reboots the host, instead of shutdown.")


def run(call: ActionCall) -> Steps:
    """Note which boot this is, reboot, and wait until it is another one."""
    params = Params.parse(call.args)
    if call.check:
        return {"changed": True, "elapsed": 0, "rebooted": True}
    begun = time.monotonic()
    before = result_of((yield _command(call, params.boot_time_command)))
    if before.get("failed"):
        return {**before, "msg": f"cannot tell which boot this is: {before.get('msg')}", "rebooted": False}
    refused = yield from _reboot(call, params)
    if refused is not None:
        return refused
    yield Sleep(params.pre_reboot_delay // MINUTE * MINUTE + PAUSE_S)
    try:
        yield from _wait(call, params, str(before.get("stdout")))
    except GaveUp as said:
        elapsed = int(time.monotonic() - begun)
        message = f"Timed out waiting for the host to come back (timeout={params.reboot_timeout}): {said}"
        return {"failed": True, "changed": True, "rebooted": True, "elapsed": elapsed, "msg": message}
    if params.post_reboot_delay:
        yield Sleep(params.post_reboot_delay)
    return {"changed": True, "rebooted": True, "elapsed": int(time.monotonic() - begun)}


def _command(call: ActionCall, line: str) -> Need:
    return call.remote("shell", {"_raw_params": line}, last=False)


def _reboot(call: ActionCall, params: Params) -> Generator[Need, Any, Result | None]:
    """Give the order; contact may break while it is carried out. Return a failed result where it was refused."""
    minutes = params.pre_reboot_delay // MINUTE
    paths = ":".join(params.search_paths)
    order = params.reboot_command or f"shutdown -r {f'+{minutes}' if minutes else 'now'} {shlex.quote(params.msg)}"
    try:
        result = result_of((yield _command(call, f"PATH={shlex.quote(paths)}:$PATH; {order}")))
    except Lost:
        return None
    if result.get("failed"):
        said = result.get("stderr") or result.get("msg")
        return {**result, "msg": f"Reboot command failed: {said}", "rebooted": False}
    return None


def _wait(call: ActionCall, params: Params, before: str) -> Generator[Need, Any, None]:
    boot = Probe(
        "shell", {"_raw_params": params.boot_time_command},
        lambda r: not r.get("failed") and str(r.get("stdout")) != before,
    )  # fmt: skip
    yield from answered(call, boot, params.reboot_timeout, PAUSE_S)
    test = Probe("shell", {"_raw_params": params.test_command}, lambda r: not r.get("failed"))
    yield from answered(call, test, params.reboot_timeout, PAUSE_S)


EXAMPLES = """
- name: Start the new kernel
  reboot:
    reboot_timeout: 300
"""
